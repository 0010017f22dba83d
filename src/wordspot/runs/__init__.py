"""The folder of a run, and the one reader and writer of it."""
