"""Bounds on what a file may ask for, so that no header or config takes memory without end."""

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 768_000
"""Sampling rates of sound files and models."""
MOST_SAMPLES = 2**26
"""Samples read of one file, of all channels together: over an hour at 16 kHz."""
MOST_TAPS = 2**20
"""Weights of a resampling filter, one row for each phase: 8 MB in double precision."""
LONGEST_CLIP_SECONDS = 60
LONGEST_CLIP_SAMPLES = 2**22
MOST_WORDS = 10_000
LONGEST_WORD = 100
"""Characters of a word."""
MOST_UNITS, MOST_LAYERS = 2**14, 64
"""Hidden units or channels of a layer, and layers."""
MOST_BANDS = 512
LARGEST_FFT = 2**16
MOST_FRAMES = 2**16
"""Frames of a clip."""
MOST_THREADS = 1024
LARGEST_TEXT = 2**28
"""Bytes of a file of text that is read at once."""
