"""Recognisers that leave the place where they were trained."""
