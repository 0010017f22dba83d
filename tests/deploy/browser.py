"""What the tests of the page share: a server, and Chromium."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from wordspot.deploy.server import open_server

LOADING = 60_000
"""Milliseconds that loading the recogniser may take on a busy machine."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as `--serve` does; gives the address."""
    with open_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def browser_tab(*arguments: str, expected: str | None = None, **context: Any) -> Iterator[Page]:
    """Open a tab of a new Chromium, in which no errors may show but those that have an expected text.

    Skips the test where there is no Chromium.
    """
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("needs a browser: install chromium")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox", *arguments])
        tab = browser.new_context(**context).new_page()
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        yield tab
        browser.close()
        assert [error for error in errors if not expected or expected not in error] == []


def open_page(tab: Page, address: str) -> None:
    """Open a page and wait until its recogniser is loaded."""
    tab.goto(address)
    expect(tab.locator("#state")).to_have_text("Ready.", timeout=LOADING)


def logged(tab: Page) -> list[list[str]]:
    """Give the lines of the log, first to last: time, word, confidence."""
    lines = tab.locator("#log p").all()
    return [line.locator("span").all_inner_texts() for line in reversed(lines)]
