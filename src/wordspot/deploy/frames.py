"""Frame by frame: a recogniser of one direction follows a stream, and never hears a sample twice."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from wordspot.config import RecurrentConfig, RunConfig
from wordspot.deploy.windows import Posterior
from wordspot.errors import UsageError
from wordspot.models.recognizer import Recognizer
from wordspot.models.recurrent import Recurrent


def why_not(config: RunConfig) -> str | None:
    """Say why a model can't follow a stream frame by frame; None where it can."""
    if not isinstance(config.model, RecurrentConfig):
        return "it has no recurrent state"
    if config.model.bidirectional:
        return "it reads clips in both directions"
    if config.model.encoder != "none":
        return "its encoder sees frames that are yet to come"
    if config.features.rms_normalize:
        return "it scales each clip to one loudness (train it with --no-rms-normalize)"
    return None


class FrameByFrame:
    """Carries the recurrent state of a recogniser from frame to frame of a stream.

    The state of each frame is that of the whole stream heard at once. Its posterior follows from the states
    of the last window of frames, pooled as those of a clip are. A frame is known once the samples that it
    and its derivatives depend on are heard. Raises UsageError for a model that can't follow a stream.
    """

    def __init__(self, recognizer: Recognizer, step: int) -> None:
        """Give a posterior about every `step` samples, which are rounded to frames."""
        reason = why_not(recognizer.config)
        if reason or not isinstance(recognizer.model, Recurrent):
            raise UsageError(f"stateful: this model can't follow a stream frame by frame: {reason}")
        self.recognizer, self.model, self.features = recognizer, recognizer.model, recognizer.features
        self.hop = self.features.hop
        self.every = max(1, round(step / self.hop))
        self.reach = math.ceil(recognizer.config.features.n_fft / 2 / self.hop)
        """Frames on each side that share samples with a frame."""
        self.slope = 2 * recognizer.config.features.deltas
        """Frames on each side on which derivatives depend."""
        self.window = recognizer.config.corpus.samples // self.hop + 1
        self.samples = torch.zeros(self.reach * self.hop)
        """The stream from `reach` frames before the next frame on; before it begins there are zeros."""
        self.static = torch.zeros(1, 0, self.features.transform.size)
        """Static features from `slope` frames before the next frame on, or from the first on."""
        self.derived = 0
        """Frames whose derivatives are known."""
        self.state: Tensor | tuple[Tensor, Tensor] | None = None
        self.states = torch.zeros(1, 0, recognizer.config.model.state_size)  # type: ignore[attr-defined]
        """States of the last window of frames."""

    def push(self, samples: Tensor) -> Iterator[Posterior]:
        """Take the next samples float32 [S]; yields the posterior of every few frames."""
        with torch.inference_mode():
            found = list(self._posteriors(self._states(self._derive(self._frames(samples)))))
        yield from found

    def _frames(self, samples: Tensor) -> Tensor:
        """Give the static features of the frames that are complete with these samples [1, N, n]."""
        self.samples = torch.cat([self.samples, samples])
        count = len(self.samples) // self.hop - 2 * self.reach + 1
        if count < 1:
            return self.static[:, :0]
        whole = self.samples[None, : (count - 1 + 2 * self.reach) * self.hop]
        self.samples = self.samples[count * self.hop :].clone()
        lengths = torch.tensor([whole.shape[1]])
        return self.features.static(whole, lengths)[:, self.reach : self.reach + count]

    def _derive(self, static: Tensor) -> Tensor:
        """Give the features of the frames whose derivatives these static features complete [1, N, F]."""
        self.static = torch.cat([self.static, static], dim=1)
        known = min(self.derived, self.slope)  # frames in the buffer that were given before
        count = self.static.shape[1] - known - self.slope
        if count < 1:
            return torch.zeros(1, 0, self.features.size)
        features = self.features.derive(self.static, torch.tensor([self.static.shape[1]]))
        self.derived += count
        self.static = self.static[:, max(0, known + count - self.slope) :]
        return features[:, known : known + count]

    def _states(self, features: Tensor) -> Tensor:
        """Give the recurrent states of features: [1, N, F] to [1, N, H]."""
        if not features.shape[1]:
            return self.states[:, :0]
        if self.model.norm:
            features = self.model.norm(features.transpose(1, 2), torch.tensor([features.shape[1]])).transpose(
                1, 2
            )
        states, self.state = self.model.recurrent(features, self.state)
        return states  # type: ignore[no-any-return]

    def _posteriors(self, states: Tensor) -> Iterator[Posterior]:
        """Pool the states of the window that ends with each of these: [1, N, H] to posteriors [C]."""
        first = self.derived - states.shape[1]
        before = self.states.shape[1]
        self.states = torch.cat([self.states, states], dim=1)
        for frame in range(first, self.derived):
            if (frame + 1) % self.every:
                continue
            end = before + frame - first + 1
            window = self.states[:, max(0, end - self.window) : end]
            logits = self.model.classify(window, torch.tensor([window.shape[1]]))
            heard = (frame + self.slope + self.reach) * self.hop
            yield heard, (logits / self.recognizer.temperature).softmax(dim=1)[0]
        self.states = self.states[:, -self.window :]
