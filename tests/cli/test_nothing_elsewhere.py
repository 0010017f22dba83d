"""What a command writes: its output, the cache, and nothing else on the machine."""

import os
import subprocess
from pathlib import Path

from tests.cli.conftest import program, train

ELSEWHERE = {
    "HOME": "home",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local",
    "TMPDIR": "temporary",
}

OWN = ("MPLCONFIGDIR", "TORCHINDUCTOR_CACHE_DIR", "ORT_DISABLE_TELEMETRY")
"""What the program sets itself."""


def test_nothing_is_written_but_the_output_and_the_cache(shared_recordings: Path, tmp_path: Path) -> None:
    places = {name: tmp_path / place for name, place in ELSEWHERE.items()}
    for place in (*places.values(), tmp_path / "current"):
        place.mkdir(parents=True, exist_ok=True)
    before = set(tmp_path.rglob("*"))
    environment = {key: value for key, value in os.environ.items() if key not in OWN}
    environment |= {name: str(place) for name, place in places.items()}
    environment |= {"WORDSPOT_CACHE": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    run, spoken = tmp_path / "run", tmp_path / "spoken"
    for command in (
        f"synthesize low --clips 2 --engines piper --out {spoken}".split(),
        train("lstm", shared_recordings, run),
        f"evaluate {run} --data {shared_recordings}".split(),
    ):
        done = subprocess.run(
            [program(), *command], cwd=tmp_path / "current", env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    outputs = (tmp_path / "cache", run, spoken)
    written = {path for path in tmp_path.rglob("*") if not any(path.is_relative_to(one) for one in outputs)}
    assert written - before == set()
