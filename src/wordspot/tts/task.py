"""Work for a process of its own, as JSON on its way there."""

import json
from dataclasses import asdict
from typing import Any, Self

from wordspot.tts.settings import Synthesis


class Task:
    """Base of dataclasses that say what a process is to synthesise, by which settings."""

    settings: Synthesis

    def to_json(self) -> str:
        """Write as JSON for another process."""
        return json.dumps(asdict(self))  # type: ignore[call-overload]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        stored: dict[str, Any] = json.loads(text)
        return cls(**stored | {"settings": Synthesis(**stored["settings"])})
