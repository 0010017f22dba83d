"""Text that others wrote, made fit to be shown: on a terminal, in Markdown, in a figure."""

import unicodedata

JOINERS = "\u200c\u200d"
"""Format characters that spelling needs, in Persian and in Indian languages."""
MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {mark: f"\\{mark}" for mark in "|[]`"}


def is_plain(text: str) -> bool:
    r"""Tell whether text is not empty and of characters that can be printed.

    >>> is_plain("go"), is_plain("\x1b[31m"), is_plain("\udcff")
    (True, False, False)
    """
    return bool(text) and all(one.isprintable() or one in JOINERS for one in text)


def is_text(name: str) -> bool:
    r"""Tell whether the name of a file is text in UTF-8; Python holds other bytes as lone surrogates.

    >>> is_text("café"), is_text("caf\udce9")
    (True, False)
    """
    return not any("\ud800" <= one <= "\udfff" for one in name)


def is_file_name(name: str) -> bool:
    """Tell whether text can name a file in a folder, and none elsewhere.

    >>> is_file_name("lstm"), is_file_name("../lstm"), is_file_name("..")
    (True, False, False)
    """
    return is_plain(name) and name not in (".", "..") and not {"/", "\\", ":"} & set(name)


def shown(text: object) -> str:
    r"""Write text with visible escapes for control characters, line breaks and bytes that are not text.

    >>> shown("a\x1b[31m\n\udcff")
    'a\\x1b[31m\\n\\udcff'
    """
    return "".join(
        one
        if one.isprintable() or one in JOINERS or unicodedata.category(one) == "Zs"
        else one.encode("unicode_escape").decode()
        for one in str(text)
    )


def markdown(text: str) -> str:
    r"""Escape text for Markdown, so that no markup in it is taken for HTML, a link or a column.

    >>> markdown("<b>yes|no</b>")
    '&lt;b&gt;yes\\|no&lt;/b&gt;'
    """
    return "".join(MARKUP.get(one, one) for one in shown(text))


def label(text: str) -> str:
    r"""Write text for a figure, where dollars would begin a formula.

    >>> label("a $ or two $")
    'a \\$ or two \\$'
    """
    return shown(text).replace("$", "\\$")
