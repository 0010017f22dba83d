"""A process's share of each batch, where several processes train one recogniser together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

T = TypeVar("T")


@dataclass
class Share:
    """Every W-th clip of a batch from clip number `rank` on, where W `processes` train together.

    What is drawn for the clips of a batch, every process draws for all of them, and takes its own: so a clip
    gets what it would get in a single process. By default there is only one, whose share is everything.
    """

    rank: int = 0
    processes: int = 1
    clips: int = 0
    """Clips of the batch at hand in all processes together, where there are several."""

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def begin_batch(self, clips: int) -> None:
        """Note how many clips the next batch has in all processes together. A process alone notes nothing."""
        if self.processes > 1:
            self.clips = clips

    def whole(self, own: int) -> int:
        """Count the clips of the batch of which this process has `own`."""
        return own if self.processes == 1 else self.clips

    def own(self, whole: Tensor, dim: int = 0) -> Tensor:
        """Take this process's share of what belongs to the clips of a whole batch along `dim`.

        >>> Share(rank=1, processes=3).own(torch.arange(8)).tolist()
        [1, 4, 7]
        """
        if self.processes == 1:
            return whole
        return whole[(slice(None),) * dim + (slice(self.rank, None, self.processes),)]

    def gathered(self, own: Tensor, total: int) -> Tensor:
        """Give what belongs to all `total` clips [total, ...] of the shares [N, ...] of all processes."""
        if self.processes == 1:
            return own
        most = -(-total // self.processes)
        padded = torch.cat([own, own.new_zeros(most - len(own), *own.shape[1:])])
        every = own.new_empty(self.processes * most, *own.shape[1:])
        dist.all_gather_into_tensor(every, padded)
        return every.view(self.processes, most, *own.shape[1:]).transpose(0, 1).flatten(0, 1)[:total]

    def totals(self, *own: Tensor) -> tuple[Tensor, ...]:
        """Sum tensors of one type over all processes."""
        if self.processes == 1:
            return own
        packed = torch.cat([one.flatten() for one in own])
        dist.all_reduce(packed)
        parts = torch.split(packed, [one.numel() for one in own])
        return tuple(part.view(one.shape) for part, one in zip(parts, own, strict=True))

    def from_first(self, make: Callable[[], T]) -> T:
        """Let the first process make something, and give it to all."""
        if self.processes == 1:
            return make()
        made = [make() if self.is_first else None]
        dist.broadcast_object_list(made, src=0)
        return made[0]  # type: ignore[return-value]


ALONE = Share()
"""The share of a process that trains by itself."""
