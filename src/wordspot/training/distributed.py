"""Several processes that `torchrun` starts train one recogniser together, each with a share of every batch.

They come out with the weights and metrics of one process, but for rounding. The first of them alone touches
the folder of the run, so the others may be on machines that don't see it.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from wordspot.config import RunConfig, Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.errors import UsageError, WordspotError
from wordspot.share import ALONE, Share

PATIENCE = timedelta(hours=12)
"""How long processes wait for the slowest, which may have a corpus to pack."""


def is_first() -> bool:
    """Tell whether this process is the only one, or the first of those that `torchrun` started."""
    return not dist.is_torchelastic_launched() or os.environ["RANK"] == "0"


def refuse_torchrun(verb: str) -> None:
    """Raise UsageError where `torchrun` started a verb that trains many runs; only the first process does."""
    if not is_first():
        raise SystemExit(UsageError.exit_code)
    if dist.is_torchelastic_launched():
        raise UsageError(f"{verb}: trains many runs, each in one process: start it without torchrun")


@contextmanager
def together(runtime: Runtime) -> Iterator[tuple[Share, Runtime]]:
    """Yield this process's share of each batch, and the runtime with a GPU of its own.

    Where a process fails, all end, and the first to fail says why: the others raise SystemExit. Raises
    WordspotError where another one dies.
    """
    if not dist.is_torchelastic_launched() or os.environ["WORLD_SIZE"] == "1":
        yield ALONE, runtime
        return
    store, rank, processes = next(rendezvous("env://"))
    # Of its own for each run, since there may be one after another.
    store = dist.PrefixStore(f"run {store.add(f'runs of {rank}', 1)}", store)  # type: ignore[attr-defined]
    dist.init_process_group(store=store, rank=rank, world_size=processes, timeout=PATIENCE)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Grad strides do not match")  # some weights have two orders
            if rank > 0:
                warnings.simplefilter("ignore")  # the first has the same
            yield Share(rank, processes), on_own_gpu(runtime)
        dist.destroy_process_group()
    except BaseException as error:
        if store.add("failed", 1) > 1:
            raise SystemExit(1) from None
        if is_loss_of_another(error):
            raise WordspotError(
                "a training process died, perhaps out of memory: see what torchrun says of it"
            ) from None
        raise


def on_own_gpu(runtime: Runtime) -> Runtime:
    """Choose for each process of a machine another GPU, where it is to compute on one."""
    return (
        replace(runtime, device=f"cuda:{os.environ['LOCAL_RANK']}") if runtime.device == "cuda" else runtime
    )


def is_loss_of_another(error: BaseException) -> bool:
    """Tell whether an error comes from a connection to a process that is gone."""
    return isinstance(error, dist.DistError) or (isinstance(error, RuntimeError) and "gloo" in str(error))


def check_agreement(share: Share, config: RunConfig, corpus: Corpus) -> None:
    """Raise UsageError where a process has other settings or clips than the first, or no clip of a batch."""
    mine = config, corpus.store.fingerprint
    if share.from_first(lambda: mine) != mine:
        raise UsageError(
            f"process {share.rank}: has other clips or settings than the first: give all the same command"
        )
    fewest = min(config.training.batch_size, len(corpus.rows("validation")))
    if share.processes > fewest:
        raise UsageError(f"{share.processes} processes can't share {fewest} clips: start fewer of them")


def send_state(share: Share, *owners: Any) -> None:
    """Give all processes what the first has in its modules and optimisers."""
    if share.processes == 1:
        return

    def packed() -> bytes:
        torch.save([owner.state_dict() for owner in owners], memory := BytesIO())
        return memory.getvalue()

    states = torch.load(BytesIO(share.from_first(packed)), map_location="cpu")
    if not share.is_first:
        for owner, state in zip(owners, states, strict=True):
            owner.load_state_dict(state)


class DataParallel(nn.Module):
    """A model that gets a share of a batch, and whose gradients are those of the whole batch's mean loss.

    Shape: as the model's.
    """

    def __init__(self, model: nn.Module, share: Share) -> None:
        super().__init__()
        self.parallel = DistributedDataParallel(model, broadcast_buffers=False)  # they are equal
        self.share = share

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        """Score this process's share of a batch."""
        logits: Tensor = self.parallel(features, frames)
        # The mean over processes is that over clips where each counts by its clips.
        weight = len(logits) * self.share.processes / self.share.clips
        logits.register_hook(lambda gradient: gradient * weight)  # type: ignore[no-untyped-call]
        return logits


def data_parallel(model: nn.Module, share: Share) -> nn.Module:
    """Wrap a model for the steps of an epoch, where there are several processes.

    For each epoch anew: after its first step torch arranges the gradients otherwise, and so sums them in
    another order, which a resumed run has to repeat.
    """
    return model if share.processes == 1 else DataParallel(model, share)
