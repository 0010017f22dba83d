"""Many runs to one comparison."""
