"""The site: it builds without a warning, is whole, and loads nothing from another host."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import wordspot
from tests.deploy.browser import browser_tab
from wordspot.cli import VERBS

PROJECT = Path(__file__).parents[1]


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build a site as `make docs` does."""
    strictly = ["--quiet", "--fail-on-warning", "--keep-going"]
    places = ["-c", str(PROJECT / "docs/site"), str(source), str(out)]
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *strictly, *places], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the built site."""
    out = tmp_path_factory.mktemp("site")
    # Where matplotlib has no list of the fonts yet, it makes one and says so.
    subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True, capture_output=True)
    built = build(PROJECT, out)
    assert (built.returncode, built.stderr) == (0, "")
    return out


class Links(HTMLParser):
    """The addresses that a page links to, those that it loads, and the places in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.places: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element."""
        for name, value in attrs:
            if name == "id" and value:
                self.places.add(value)
            elif name == "href" and value:
                (self.loaded if tag == "link" else self.links).add(value)
            elif name in ("src", "srcset", "data", "poster") and value:
                self.loaded.add(value)
            elif name == "style" and value:
                self.loaded.update(addresses(value))

    def handle_data(self, data: str) -> None:
        """Note the addresses in a style sheet of the page itself."""
        self.loaded.update(addresses(data) if self.cdata_elem == "style" else ())


def addresses(style: str) -> list[str]:
    """List what a style sheet loads."""
    return re.findall(r"""(?:url\(|@import\s+)["']?([^"')\s]+)""", style)


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    loaded = {address for page in site.rglob("*.html") for address in Links(page).loaded}
    loaded |= {address for sheet in site.rglob("*.css") for address in addresses(sheet.read_text("utf-8"))}
    assert any(address.endswith(".css") for address in loaded)
    assert any(address.endswith(".svg") for address in loaded)
    assert {address for address in loaded if urlsplit(address).netloc} == set()


def test_a_browser_asks_no_other_host(site: Path) -> None:
    asked: list[str] = []
    with browser_tab(offline=True) as tab:
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{site.as_uri()}/index.html")
        tab.wait_for_url("**/docs/site/index.html")
        tab.goto(f"{site.as_uri()}/notebooks/spoken_words.html")
        tab.goto(f"{site.as_uri()}/search.html?q=padding")
        tab.wait_for_selector("text=matching the search query")
    assert {urlsplit(address).scheme for address in asked} <= {"file", "data"}
    assert f"{site.as_uri()}/docs/site/index.html" in asked


def test_every_link_leads_to_something(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    inner = 0
    for page, found in pages.items():
        for address in found.links | found.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file(), f"{page}: {address}"
            if parts.fragment and page.name not in ("genindex.html", "search.html"):
                assert unquote(parts.fragment) in pages[target].places, f"{page}: {address}"
            inner += 1
    assert inner > 500


def test_every_verb_is_told_as_the_program_tells_it(site: Path) -> None:
    page = (site / "docs/site/verbs.html").read_text(encoding="utf-8")
    for verb in (verb.__name__.replace("_", "-") for verb in VERBS):
        assert f'id="{verb}"' in page
        assert f"usage: wordspot {verb} " in page
    assert "--hidden-size" in page
    assert "--sub-bands" in page


def test_every_public_name_is_documented(site: Path) -> None:
    places = Links(site / "docs/site/api.html").places
    data = {"RECIPES": "wordspot.recipes.RECIPES"}
    for name in dir(wordspot):
        assert data.get(name, f"wordspot.{name}") in places
    assert "wordspot.TrainingConfig.learning_rate" in places


def test_the_tutorial_is_shown_as_it_was_run(site: Path) -> None:
    page = (site / "notebooks/spoken_words.html").read_text(encoding="utf-8")
    assert "This copy was run by" in page
    assert page.count("<img") > 10
    assert len(page) < 1_000_000  # its figures are files


def test_broken_links_fail_the_build(tmp_path: Path) -> None:
    page = tmp_path / "source/docs/site/index.md"
    page.parent.mkdir(parents=True)
    broken = ["[](lost-page.md)", "[](index.md#lost-place)", "![](lost-figure.svg)"]
    page.write_text("# Site\n\n" + "\n".join(broken), encoding="utf-8")
    built = build(tmp_path / "source", tmp_path / "site")
    assert built.returncode != 0
    for lost in ("lost-page.md", "lost-place", "lost-figure.svg"):
        assert lost in built.stderr
