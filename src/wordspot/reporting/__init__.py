"""Results in words and pages: narrative, PDF, notebook, model card."""
