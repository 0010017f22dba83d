"""Loss and accuracy of an epoch as its batches go by."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from wordspot.share import Share


@dataclass
class RunningMetrics:
    """Loss and accuracy, summed over the clips of an epoch."""

    loss: float = 0.0
    correct: int = 0
    clips: int = 0
    _unread: list[tuple[int, Tensor]] = field(default_factory=list, repr=False)
    """Size of each batch since the last reading, with its mean loss and number of correct clips [2]."""

    def add(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:
        """Add a batch: its mean loss, logits [B, C] and labels [B]. Waits for no device."""
        correct = (logits.argmax(dim=1) == labels).sum()
        self._unread.append((len(labels), torch.stack([loss.detach(), correct.to(loss.dtype)])))

    def read(self) -> "RunningMetrics":
        """Sum up the batches that were added, and give this."""
        if self._unread:
            sizes, unread = zip(*self._unread, strict=True)
            for size, (loss, correct) in zip(sizes, torch.stack(unread).tolist(), strict=True):
                self.loss += loss * size
                self.correct += int(correct)
                self.clips += size
            self._unread.clear()
        return self

    def of_all(self, share: Share) -> "RunningMetrics":
        """Sum up what all processes have."""
        self.read()
        own = torch.tensor([self.loss, self.correct, self.clips], dtype=torch.float64)
        loss, correct, clips = share.totals(own)[0].tolist()
        return RunningMetrics(loss, int(correct), int(clips))

    @property
    def mean_loss(self) -> float:
        """Mean cross-entropy of a clip, in nats."""
        return self.loss / max(self.clips, 1)

    @property
    def accuracy(self) -> float:
        """Fraction of clips recognised."""
        return self.correct / max(self.clips, 1)
