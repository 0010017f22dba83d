"""What else decides a run's figures beside its config: versions, machine, threads and clips."""

import platform
from importlib.metadata import version
from typing import Any

import torch

from wordspot.corpus.corpus import Corpus, is_added
from wordspot.corpus.index import SPLITS

PACKAGES = ("wordspot", "torch", "torchaudio", "numpy", "soundfile")


def provenance(corpus: Corpus, data: str, device: torch.device) -> dict[str, Any]:
    """Describe what a run is made with and of."""
    parts = {split: corpus.table(split) for split in SPLITS}
    return {
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "machine": {
            "system": platform.system(),
            "processor": processor(),
            "threads": torch.get_num_threads(),
        },
        "device": str(device),
        "data": {
            "path": data,
            "fingerprint": corpus.store.fingerprint,
            "synthetic": corpus.synthetic,
            "synthetic_parts": [split for split in SPLITS if corpus.is_synthetic(split)],
            "clips": {split: len(part) for split, part in parts.items()},
            "speakers": {split: int(part["speaker"].nunique()) for split, part in parts.items()},
            "synthetic_clips_added": int(is_added(parts["training"]).sum()),
            "skipped": corpus.store.skipped,
        },
    }


def processor() -> str:
    """Name the processor as well as the system knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
