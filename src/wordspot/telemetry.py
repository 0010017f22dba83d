"""No telemetry: onnxruntime, when it is imported, keeps a device id and a database under the user's cache."""

import os


def switch_off_telemetry() -> None:
    """Keep onnxruntime from doing so in this process and those that it starts; before it is imported."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
