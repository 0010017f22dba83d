"""Models: features [B, T, F] and counts of real frames [B] to logits [B, C]."""
