"""Waveforms: read, augmented, turned into features. This room knows no corpus and no model."""
