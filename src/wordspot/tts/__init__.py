"""Synthetic speech: words by an offline synthesiser, in simulated rooms and through simulated microphones."""
