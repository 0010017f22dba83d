"""What else decides the figures of a run beside its config: versions, machine, threads and clips."""

import platform
from importlib.metadata import version
from typing import Any

import torch

from wordspot.corpus.corpus import Corpus
from wordspot.layout import SPLITS

PACKAGES = ("wordspot", "torch", "torchaudio", "numpy", "soundfile")


def provenance_of(corpus: Corpus, device: torch.device, precision: str, processes: int = 1) -> dict[str, Any]:
    """Describe what a run is made with and of."""
    return {
        "versions": versions(),
        "machine": {
            "system": platform.system(),
            "processor": processor(),
            "threads": torch.get_num_threads(),
            "processes": processes,
        },
        "device": str(device),
        "precision": precision,
        "data": {
            "path": corpus.data,
            "convert": corpus.runtime.convert,
            "skip_bad": corpus.runtime.skip_bad,
            "speaker_from": corpus.runtime.speaker_from,
            "fingerprint": corpus.store.fingerprint,
            "synthetic": corpus.synthetic,
            "synthetic_splits": [split for split in SPLITS if corpus.is_synthetic(split)],
            "clips": {split: corpus.count(split) for split in SPLITS},
            "speakers": {split: len(corpus.speakers(split)) for split in SPLITS},
            "synthetic_clips_added": corpus.added_clips,
            "skipped": corpus.store.skipped,
        },
    }


def versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that decide figures."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def processor() -> str:
    """Name the processor as well as the system knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
