"""Offline synthesisers: a word in, samples out. Each is an optional package, imported late.

What an engine says depends on all that it has said before, so that speech can be repeated only by a fresh
process that says the same in the same order.
"""

from importlib.util import find_spec

from wordspot.errors import UsageError
from wordspot.tts.espeak import Espeak
from wordspot.tts.piper import Piper
from wordspot.tts.settings import EngineName

ENGINES: tuple[type[Espeak] | type[Piper], ...] = (Espeak, Piper)


def installed_engines() -> list[EngineName]:
    """Name the engines whose packages are installed. Raises UsageError where there is none."""
    found = [engine.name for engine in ENGINES if all(find_spec(module) for module in engine.PACKAGES)]
    if not found:
        raise UsageError("synthetic speech needs a synthesiser: pip install 'wordspot[synth]'")
    return found


def start(name: EngineName) -> Espeak | Piper:
    """Start an engine in this process."""
    (engine,) = (engine for engine in ENGINES if engine.name == name)
    return engine()
