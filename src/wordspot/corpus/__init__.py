"""Clips: an index, a packed store, a dataset."""
