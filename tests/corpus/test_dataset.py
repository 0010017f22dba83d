"""Clips in batches: content, order, and a length that is always the same."""

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tests.conftest import write_samples
from wordspot.config import CorpusConfig, Runtime
from wordspot.corpus.corpus import Corpus
from wordspot.corpus.dataset import Batch
from wordspot.corpus.index import Clip, Index
from wordspot.corpus.store import open_store
from wordspot.files import cache_folder
from wordspot.layout import Split

S = 8
CONFIG = CorpusConfig(words=("b", "a"), seconds=S / 16_000)
# Of each part: a clip's word, and its samples.
CLIPS: dict[Split, list[tuple[str, list[int]]]] = {
    "training": [("ab"[n % 2], [n + 1] * (n % 4 + 1)) for n in range(20)],
    "validation": [("a", [1, 2, 3]), ("b", [-4]), ("a", [5] * 8), ("b", [6] * 12)],
    "testing": [("a", [7, 7])],
}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Give a corpus whose samples tell which clip they are of."""
    clips = []
    for split, of_part in CLIPS.items():
        for number, (word, samples) in enumerate(of_part):
            name = f"{word}/{split}{number}.wav"
            write_samples(tmp_path / name, samples)
            clips.append(Clip(name, word, f"{split}{number}", split))
    store = open_store(Index(tmp_path, clips, []), CONFIG, cache_folder())
    return Corpus(str(tmp_path), CONFIG, Runtime(), store, [], synthetic=False)


def batches(corpus: Corpus, split: Split, size: int, seed: int | None = None) -> list[Batch]:
    shuffle = False if seed is None else torch.Generator().manual_seed(seed)
    return list(corpus.loader(split, size, shuffle=shuffle))


def order(found: list[Batch]) -> list[int]:
    """Give the first sample of each clip, which in the training split names it."""
    return torch.cat([batch.samples[:, 0] for batch in found]).tolist()


def test_a_batch_is_padded_cut_and_labelled(corpus: Corpus) -> None:
    first, second = batches(corpus, "validation", 3)
    assert first.samples.tolist() == [
        [1, 2, 3, 0, 0, 0, 0, 0],
        [-4, 0, 0, 0, 0, 0, 0, 0],
        [5, 5, 5, 5, 5, 5, 5, 5],
    ]
    assert first.lengths.tolist() == [3, 1, 8]
    assert first.labels.tolist() == [1, 0, 1]  # the words stand in the order b, a
    assert second.samples.tolist() == [[6] * 8]
    assert second.lengths.tolist() == [8]
    assert second.labels.tolist() == [0]
    assert first.samples.dtype == torch.int16
    assert first.lengths.dtype == first.labels.dtype == torch.int64


def test_every_batch_is_of_one_length(corpus: Corpus) -> None:
    # No clip of these parts is longer than four samples.
    found = batches(corpus, "training", 6) + batches(corpus, "testing", 4)
    assert [tuple(batch.samples.shape) for batch in found] == [(6, S)] * 3 + [(2, S), (1, S)]


def test_without_shuffling_the_order_is_the_tables(corpus: Corpus) -> None:
    assert order(batches(corpus, "training", 7)) == list(range(1, 21))
    labels = torch.cat([batch.labels for batch in batches(corpus, "validation", 3)])
    words = [CONFIG.classes[label] for label in labels]
    assert words == list(corpus.table("validation")["word"]) == ["a", "b", "a", "b"]


def test_shuffling_is_drawn_by_the_seed_and_gives_every_clip_once(corpus: Corpus) -> None:
    one, again, other = (order(batches(corpus, "training", 7, seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert one != list(range(1, 21))
    assert sorted(one) == sorted(other) == list(range(1, 21))


def test_shuffled_clips_keep_their_labels_and_lengths(corpus: Corpus) -> None:
    for batch in batches(corpus, "training", 7, seed=1):
        for first, length, label in zip(batch.samples[:, 0], batch.lengths, batch.labels, strict=True):
            word, samples = CLIPS["training"][int(first) - 1]
            assert CONFIG.classes[label] == word
            assert length == len(samples)


def test_epochs_of_one_generator_differ(corpus: Corpus) -> None:
    training = corpus.loader("training", 7, shuffle=torch.Generator().manual_seed(1))
    first, second = order(list(training)), order(list(training))
    assert first != second
    assert sorted(first) == sorted(second)


def test_shuffling_without_a_generator_gives_every_clip_once(corpus: Corpus) -> None:
    torch.manual_seed(0)
    found = order(list(corpus.loader("training", 7, shuffle=True)))
    assert found != list(range(1, 21))
    assert sorted(found) == list(range(1, 21))


def test_a_split_is_a_dataset_of_clips(corpus: Corpus) -> None:
    clips = corpus.dataset("validation")
    assert len(clips) == 4
    batch = clips[[3, 0]]
    assert batch.samples.tolist() == [[6] * 8, [1, 2, 3, 0, 0, 0, 0, 0]]
    assert batch.lengths.tolist() == [8, 3]
    assert batch.labels.tolist() == [0, 1]


def test_a_batch_may_be_changed(corpus: Corpus) -> None:
    clips = corpus.dataset("validation")
    clips[[0]].samples.zero_()
    assert clips[[0]].samples[0, :3].tolist() == [1, 2, 3]


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_give_the_same_batches(corpus: Corpus, start: str) -> None:
    found = DataLoader(
        corpus.dataset("validation"),
        batch_size=None,
        sampler=[[0, 1, 2], [3]],
        num_workers=1,
        multiprocessing_context=start,
    )
    for batch, expected in zip(found, batches(corpus, "validation", 3), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(batch, expected, strict=True))


def test_a_single_clip_at_the_end_is_left_out_of_training_alone(corpus: Corpus) -> None:
    assert [len(batch.labels) for batch in batches(corpus, "training", 19, seed=0)] == [19]
    assert [len(batch.labels) for batch in batches(corpus, "training", 19)] == [19, 1]
    assert [len(batch.labels) for batch in batches(corpus, "training", 18, seed=0)] == [18, 2]
    assert [len(batch.labels) for batch in batches(corpus, "testing", 4, seed=0)] == [1]
