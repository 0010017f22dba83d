"""Shards: every clip once in each pass, in an order that follows from the seed; packing that goes on."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import wordspot.corpus.pack as module
import wordspot.corpus.shards as shards_module
import wordspot.corpus.store as store
from tests.cli.conftest import SMALL, Command, wordspot
from tests.conftest import WORDS, write_corpus
from tests.helpers import assert_one_line, assert_same_run, files_of
from wordspot.config import CorpusConfig, RunConfig, vary
from wordspot.corpus.corpus import Corpus, open_corpus
from wordspot.corpus.dataset import Batch
from wordspot.corpus.pack import pack
from wordspot.errors import UsageError, WordspotError
from wordspot.runs.run import Run
from wordspot.share import ALONE, Share
from wordspot.training.loop import train

__all__ = ["wordspot"]  # a fixture
CONFIG = CorpusConfig(words=WORDS)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("long") / "recordings")


@pytest.fixture(scope="module")
def listed(data: Path) -> Path:
    """Give a list of the clips, some of them named twice, by other speakers."""
    table = data.parent / "clips.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file_name", "label", "speaker_id", "note"])
        for path in sorted(data.rglob("*.wav")):
            rows.writerow(
                [f"recordings/{path.parent.name}/{path.name}", path.parent.name, path.stem[:-9], "é,x"]
            )
    return table


@pytest.fixture(scope="module")
def packed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give shards of ten clips each, of 48 training clips, that no test may change."""
    return pack(data, CONFIG, tmp_path_factory.mktemp("shards"), clips_per_shard=10, quiet=True)


def clips_in(batches: Iterator[Batch]) -> list[tuple[bytes, int, int]]:
    """List the samples, length and label of each clip, in their order."""
    return [
        (samples.numpy().tobytes(), int(length), int(label))
        for batch in batches
        for samples, length, label in zip(*batch, strict=True)
    ]


def loaded(corpus: Corpus, seed: int | None, batch_size: int = 7, share: Share | None = None) -> list[Batch]:
    shuffle = torch.Generator().manual_seed(seed) if seed is not None else False
    return list(corpus.loader("training", batch_size, shuffle=shuffle, share=share or Share()))


def test_shards_hold_the_clips_of_the_corpus(data: Path, packed: Path) -> None:
    plain, sharded = open_corpus(data, CONFIG), open_corpus(packed, CONFIG)
    for split in ("training", "validation", "testing"):
        assert sharded.count(split) == plain.count(split)
        assert sharded.speakers(split) == plain.speakers(split)
        assert sorted(sharded.table(split)["path"]) == sorted(plain.table(split)["path"])
        ours, theirs = (clips_in(iter(corpus.loader(split))) for corpus in (sharded, plain))
        assert sorted(ours) == sorted(theirs)
    words = [sharded.table("training")["word"][first : first + 10].nunique() for first in range(0, 40, 10)]
    assert min(words) > 1  # they are shuffled before they are cut into shards


def test_each_pass_has_every_clip_once_in_an_order_of_its_own(packed: Path) -> None:
    corpus = open_corpus(packed, CONFIG)
    in_order, one, same, other = (clips_in(iter(loaded(corpus, seed))) for seed in (None, 1, 1, 2))
    assert one == same
    assert sorted(one) == sorted(other) == sorted(in_order)
    assert len({tuple(map(hash, clips)) for clips in (in_order, one, other)}) == 3
    assert [len(batch.labels) for batch in loaded(corpus, 1)] == [7] * 6 + [6]
    assert len(corpus.loader("training", 7, shuffle=True)) == 7
    # 48 clips in batches of 47 would leave a single one.
    assert [len(batch.labels) for batch in loaded(corpus, 1, 47)] == [47]
    assert len(corpus.loader("training", 47, shuffle=True)) == 1


def test_only_a_few_shards_are_mixed_at_a_time(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards_module, "TOGETHER", 2)
    corpus = open_corpus(packed, CONFIG)
    monkeypatch.setattr(torch, "randperm", lambda count, generator: torch.arange(count).flip(0))
    table = open_corpus(packed, CONFIG).table("training")
    lengths = [int(length) for batch in loaded(corpus, 1, 8) for length in batch.lengths]
    # Shards 4 and 3, then 2 and 1, then 0; in each the last first.
    order = [*range(30, 40)[::-1], *range(40, 48)[::-1], *range(10, 20)[::-1], *range(20, 30)[::-1]]
    assert lengths == [int(table["length"][row]) for row in [*order, *range(10)[::-1]]]


def test_processes_share_each_batch(packed: Path) -> None:
    corpus = open_corpus(packed, CONFIG)
    whole = loaded(corpus, 5, 9)
    assert Share() == ALONE  # a process alone changes nothing that others see
    for rank in range(2):
        share = Share(rank, 2)
        for batch, part in zip(whole, loaded(corpus, 5, 9, share), strict=True):
            for every, own in zip(batch, part, strict=True):
                assert torch.equal(own, share.own(every))
    assert share.clips == 3  # of the last batch


def test_a_run_on_shards_resumes_and_is_scored(tiny: RunConfig, packed: Path, tmp_path: Path) -> None:
    config = vary(tiny, epochs=3)

    def stop(line: dict[str, object]) -> None:
        if line["epoch"] == 2:
            raise KeyboardInterrupt

    unbroken = train(config, packed, tmp_path / "unbroken", quiet=True)
    with pytest.raises(KeyboardInterrupt):
        train(config, packed, tmp_path / "stopped", quiet=True, after_epoch=stop)
    assert_same_run(train(config, packed, tmp_path / "stopped", quiet=True), unbroken)
    assert unbroken.provenance["data"]["clips"]["training"] == 48
    assert unbroken.metrics[-1]["training_loss"] < unbroken.metrics[0]["training_loss"]
    assert len(unbroken.evaluate("testing").predictions) == 18
    assert set(Run(unbroken).speakers) == {"training", "validation"}


def test_a_list_is_read_row_by_row(listed: Path, data: Path, tmp_path: Path) -> None:
    folder = pack(listed, CONFIG, tmp_path / "shards", clips_per_shard=100, quiet=True)
    ours, plain = open_corpus(folder, CONFIG), open_corpus(data, CONFIG)
    assert sorted(clips_in(iter(loaded(ours, None)))) == sorted(clips_in(iter(loaded(plain, None))))
    assert ours.speakers("training") == plain.speakers("training")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("word\nlow\n", "no column path"),
        ("path,word\na.wav,low\n,low\n", "row 3 has no path"),
        ("path,word,split\na.wav,low,later\n", "row 2: split 'later' is none of"),
        ("path,word\n\xff,low\n", "not a table in UTF-8"),
        ("path,word,speaker,split\na,low,x,train\nb,low,x,test\n", "speaker x is in two splits"),
        ("path,word,speaker,split\na,low,x,train\nb,high,y,test\n", "no clips of "),
    ],
)
def test_lists_that_cannot_be_used(text: str, reason: str, tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    table.write_text(text, encoding="latin-1")
    with pytest.raises(WordspotError, match=reason) as error:
        pack(table, CONFIG, tmp_path / "out", quiet=True)
    assert_one_line(error.value)
    assert not (tmp_path / "out").exists()


def test_stopped_packing_goes_on(
    data: Path, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    store_at = store.store_at

    def stop_at_the_third(place: Path, *others: object, **settings: object) -> object:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(place)
        return store_at(place, *others, **settings)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(module, "store_at", stop_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            pack(data, CONFIG, tmp_path, clips_per_shard=10, quiet=True)
    with pytest.raises(UsageError, match="not packed to the end: run `wordspot pack` again"):
        open_corpus(tmp_path, CONFIG)
    written = {place: (place / "samples.int16").stat().st_mtime_ns for place in made}
    pack(data, CONFIG, tmp_path, clips_per_shard=10, quiet=True)
    assert {place: (place / "samples.int16").stat().st_mtime_ns for place in made} == written
    assert files_of(tmp_path) == files_of(packed)


def test_the_commands(wordspot: Command, noisy_recordings: Path, tmp_path: Path) -> None:
    ran = wordspot("pack", "--data", noisy_recordings, "--words", *WORDS, "--out", tmp_path / "shards")
    assert ran.code == 0
    train = ran.out.splitlines()[-1].removeprefix("next: wordspot ").split()
    train[train.index("RUN")] = str(tmp_path / "run")
    noise = ["--background-noise-p", "1"]
    assert wordspot(*train, *SMALL.split(), *noise).code == 0
    ran = wordspot(
        *("train", "lstm", "--data", tmp_path / "shards", "--words", "low", "high"),
        "--out",
        tmp_path / "other",
    )
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "packed with other settings (words ('low', 'high', 'rise') against" in ran.err


@pytest.mark.parametrize("settings", [{"unknown": True}, {"clips_per_word": 3}, {"fold": 1}])
def test_what_would_need_all_clips_at_once(settings: dict[str, object], data: Path, tmp_path: Path) -> None:
    config = vary(RunConfig(corpus=CONFIG), **settings).corpus
    with pytest.raises(UsageError, match="shards hold the clips of words alone: leave out") as error:
        pack(data, config, tmp_path, quiet=True)
    assert_one_line(error.value)


def test_other_shards_are_not_replaced(data: Path, packed: Path) -> None:
    before = files_of(packed)
    with pytest.raises(UsageError, match="holds shards of other settings"):
        pack(data, CorpusConfig(words=("low", "high")), packed, quiet=True)
    assert files_of(packed) == before


def test_damage_is_told(data: Path, tmp_path: Path) -> None:
    folder = pack(data, CONFIG, tmp_path / "shards", clips_per_shard=10, quiet=True)
    corpus = open_corpus(folder, CONFIG)
    samples = np.memmap(folder / "shard-000002" / "samples.int16", np.int16, "r+")
    samples[5] += 1
    samples.flush()
    with pytest.raises(WordspotError, match="damaged"):
        loaded(corpus, 1)
    (folder / "shard-000002" / "samples.int16").unlink()
    with pytest.raises(WordspotError, match="shard-000002: damaged: run `wordspot pack` again"):
        loaded(corpus, 1)
    pack(data, CONFIG, folder, clips_per_shard=10, quiet=True)
    assert len(clips_in(iter(loaded(corpus, 1)))) == 48
    (folder / "shards.json").write_text(json.dumps({"corpus": {"words": 3}}))
    with pytest.raises(WordspotError, match=r"shards\.json: damaged"):
        open_corpus(folder, CONFIG)


def test_few_clips_are_held_out(data: Path, tmp_path: Path) -> None:
    folder = pack(data, CONFIG, tmp_path, held_out=9, quiet=True)
    corpus = open_corpus(folder, CONFIG)
    assert [corpus.count(split) for split in ("training", "validation", "testing")] == [48, 9, 9]
    with pytest.raises(UsageError, match="read in their order alone"):
        corpus.rows("training")
