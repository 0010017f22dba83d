"""Words spoken by an offline synthesiser, in rooms and through microphones that are drawn."""
