"""Look and listen: a corpus, its clips, augmentations, mistakes."""
