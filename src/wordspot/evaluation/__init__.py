"""Predictions to scores and figures."""
