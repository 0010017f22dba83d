"""Waveforms: changed in training, turned into features."""
