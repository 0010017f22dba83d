"""wordspot page: what it writes, how it serves, and what it refuses."""

import shutil
import signal
import subprocess
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.cli.conftest import Command, assert_nothing_half_written, assert_one_line, program
from tests.deploy.test_export import METADATA, simple_file
from tests.helpers import files_of


def test_a_page_is_replaced_and_nothing_else(
    wordspot: Command, page: Path, exported: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page"
    shutil.copytree(page, out)
    (out / "app.js").write_text("old")
    ran = wordspot("page", exported, "--out", out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"page: {out}",
        f"next: wordspot page {exported} --out {out} --open",
    ]
    assert files_of(out) == files_of(page)
    (out / "notes.txt").write_text("mine")
    before = files_of(out)
    ran = wordspot("page", exported, "--out", out)
    assert_one_line(ran, 2)
    assert "holds notes.txt, which is not of a page" in ran.err
    assert files_of(out) == before


def test_what_no_page_can_be_made_of(
    wordspot: Command, tiny_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = simple_file(tmp_path / "other.onnx", {})
    named = simple_file(tmp_path / "named.onnx", METADATA)
    (tmp_path / "text.onnx").write_text("hello")
    for source, code, reason in (
        (other, 1, "not a file of `wordspot export`"),
        (named, 1, "takes x instead of waveforms, lengths"),
        (tmp_path / "text.onnx", 1, "not an ONNX file that can be run"),
        (tmp_path / "absent.onnx", 2, "no such file"),
        (tmp_path / "absent", 2, "no run here"),
    ):
        ran = wordspot("page", source, "--out", tmp_path / "page")
        assert_one_line(ran, code)
        assert reason in ran.err
    ran = wordspot("page", tiny_run, "--out", other)
    assert_one_line(ran, 2)
    assert "is a file" in ran.err
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("WORDSPOT_CACHE", str(tmp_path / "empty"))
    ran = wordspot("page", tiny_run, "--out", tmp_path / "page")
    assert_one_line(ran, 1)
    assert "the page needs npm" in ran.err
    assert not (tmp_path / "page").exists()
    assert_nothing_half_written(tmp_path)


def test_the_program_serves_a_page_until_it_is_interrupted(
    page: Path, exported: Path, tmp_path: Path, wordspot: Command
) -> None:
    arguments = ["page", exported, "--out", tmp_path / "page", "--serve", "--port"]
    with subprocess.Popen(
        [program(), *map(str, arguments), "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts jobs in the background deaf to this signal, and so would be what they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"page: {tmp_path / 'page'}\n"
        line = process.stdout.readline()
        assert line.startswith("served at http://127.0.0.1:")
        address = line.split()[2]
        for name, kind in (
            ("", "text/html"),
            ("app.js", "text/javascript"),
            ("ort.wasm", "application/wasm"),
        ):
            with urlopen(address + name) as answer:
                assert answer.headers["Content-Type"] == kind
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
                assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
                assert answer.read() == (page / (name or "index.html")).read_bytes()
        ran = wordspot(*arguments, address.rstrip("/").split(":")[2])
        assert_one_line(ran, 2)
        assert "choose another --port" in ran.err
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_cannot_be(wordspot: Command, page: Path, exported: Path, tmp_path: Path) -> None:
    ran = wordspot("page", exported, "--out", tmp_path / "page", "--serve", "--port", 70_000)
    assert_one_line(ran, 2)
    assert "port 70000: must be from 0 to 65535" in ran.err
