"""Where clips come from: an index of clips, a packed store, batches."""
