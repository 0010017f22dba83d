"""What the site makes of the program: its commands, public names and figures; formulas without a script."""

import contextlib
import inspect
import io
import os
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_type_hints
from unittest.mock import patch

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.addnodes import desc_annotation, pending_xref
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

import wordspot
from wordspot.cli import VERBS, main

COLUMNS = "84"
"""Characters in a line of a help."""
LONGEST_VALUE = 80
"""Characters of a default that is shown."""
WITH_RECIPES = ("train", "sweep")
RECIPES = ("lstm", "bc-resnet")
"""Recipes whose settings are shown: those of all recurrent models are the same, with other defaults."""

REPORTS = Path(__file__).parents[2] / "reports"
FIGURES = {
    "accuracy": "Accuracy with its 95 % interval.",
    "differences": "Differences of accuracy with their simultaneous 95 % intervals.",
    "clips": "Accuracy against training clips.",
    "curves": "Loss and error rate against epochs.",
    "noise": "Accuracy in noise.",
    "calibration": "Accuracy against predicted probability.",
    "confusions": "Confusion matrices, in percent of each word said.",
    "confusion-differences": "Differences of the confusion matrices, in clips per run.",
}
"""The figures of an experiment by the names of their files, and what they show."""


class Verbs(SphinxDirective):
    """A section for each verb of the command line, with its help."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        sections: list[nodes.Node] = []
        for verb in (verb.__name__.replace("_", "-") for verb in VERBS):
            section = nodes.section(ids=[verb], names=[verb])
            section += nodes.title(text=verb)
            for recipe in ([], *([[name] for name in RECIPES] if verb in WITH_RECIPES else [])):
                section += nodes.literal_block(text=help_of(verb, *recipe), language="text")
            sections.append(section)
        return sections


def help_of(*verb: str) -> str:
    """Give what a verb says of itself."""
    said = io.StringIO()
    with (
        patch.object(sys, "argv", ["wordspot", *verb, "--help"]),
        patch.dict(os.environ, COLUMNS=COLUMNS),
        contextlib.redirect_stdout(said),
        contextlib.suppress(SystemExit),
    ):
        main()
    return said.getvalue()


class PublicNames(SphinxDirective):
    """The public names of the package that are functions, or those that are classes, by their docstrings."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave the documenting to autodoc."""
        (kind,) = self.arguments
        chosen = inspect.isclass if kind == "class" else inspect.isfunction
        public = {name: getattr(wordspot, name) for name in dir(wordspot)}
        names = [name for name, value in public.items() if chosen(value)]
        with contextlib.ExitStack() as without_bounds:
            for schema in filter(is_dataclass, public.values()):
                plain = get_type_hints(schema)
                own = {name: plain[name] for name in schema.__annotations__}
                without_bounds.enter_context(patch.dict(schema.__annotations__, own))
            return self.parse_text_to_nodes("\n\n".join(f".. auto{kind}:: wordspot.{name}" for name in names))


class Figures(SphinxDirective):
    """The figures of the kept study, a section for each experiment."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        from wordspot.experiments.study import read_study  # loads torch

        sections: list[nodes.Node] = []
        for name, result in read_study(REPORTS).items():
            section = nodes.section(ids=[name], names=[name])
            section += nodes.title(text=result.question)
            section += nodes.paragraph(text=result.note)
            for figure, caption in FIGURES.items():
                path = REPORTS / name / f"{figure}.svg"
                if path.is_file():
                    image = nodes.image(uri=f"/reports/{name}/{path.name}", alt=caption)
                    section += nodes.figure("", image, nodes.caption(text=caption))
                    self.env.note_dependency(path)
            sections.append(section)
        return sections


def plain_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Take the asterisks of a docstring for what they are: it is plain text with names in backticks."""
    lines[:] = [line.replace("*", r"\*") for line in lines]


def fields_instead(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returned: str
) -> tuple[str, str] | None:
    """Leave out the signature of a dataclass, whose fields are documented below it."""
    return ("", "") if what == "class" and is_dataclass(obj) else None


def leave_out_long_values(app: Sphinx, page: nodes.document) -> None:
    """Leave out defaults that are a schema of their own, and documented there."""
    for annotation in list(page.findall(desc_annotation)):
        if annotation.astext().startswith(" = ") and len(annotation.astext()) > LONGEST_VALUE:
            annotation.parent.remove(annotation)


def unlink_folders(app: Sphinx, page: nodes.document) -> None:
    """Leave the text alone of links to folders, which a code host lists and a site can't."""
    here = Path(app.env.doc2path(app.env.docname)).parent
    for link in list(page.findall(pending_xref)):
        if (here / link["reftarget"]).is_dir():
            link.replace_self(link.children)


def visit_inline_math(translator: HTML5Translator, formula: nodes.math) -> None:
    """Write a formula in a line as MathML, which browsers draw by themselves."""
    translator.body.append(tex2mathml(formula.astext()))
    raise nodes.SkipNode


def visit_block_math(translator: HTML5Translator, formula: nodes.math_block) -> None:
    """Write a formula on lines of its own as MathML."""
    translator.body.append(tex2mathml(formula.astext(), as_block=True))
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add all of it to Sphinx."""
    app.add_directive("verbs", Verbs)
    app.add_directive("public-names", PublicNames)
    app.add_directive("figures", Figures)
    app.connect("autodoc-process-docstring", plain_docstring)
    app.connect("autodoc-process-signature", fields_instead)
    app.connect("doctree-read", leave_out_long_values)
    app.connect("doctree-read", unlink_folders)
    app.add_html_math_renderer("mathml", (visit_inline_math, None), (visit_block_math, None))
    return {"parallel_read_safe": True}
