"""Markdown that shows every text from outside as text: no link, image, heading or section of the page comes from it.

The Temporal UI renders current details and summaries as markdown. Names of fields, ids, roles, reasons and explanations
come from outside, so each of them is written either as plain words or as code, which every renderer shows as it is.
Backslashes are not used, because renderers differ in what they take as escaped.

`Markdown` is a type of its own, so that mypy refuses a text that was put together in another way:

    Markdown("- experience: {} since {}").format(claim.role, claim.started_on)
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from views.plain import one_line

# A page has one text beside another. Whoever needs the whole text finds it in the answers of the queries.
_SHOWN_CHARACTERS = 500
_TICKS = re.compile(r"`+")
# A word of letters, digits and marks that mean nothing to a renderer inside a word, such as: it's, 81.66, (rule, R&D.
_BEFORE_A_WORD = "(\"'‘“"
_WORD = re.compile(r"""[("'‘“]*[^\W_](?:[\w'"’”.,;:?!%()/+=&\u200c\u200d-]|[^\x00-\x7f])*""")
_MARK = re.compile(r"(?:[&/%(–—…§-]|[^\x00-\x7f]+)[,;.:?!)]*")
# Names of messages and fields, as our own sentences write them: `by`, `resolve_held_result`.
_NAME = re.compile(r"[(]?`[a-z_]{1,40}`[.,;:?)]*")
# What a renderer may turn into a link, a list, an entity or emphasis.
_LIKE_AN_ADDRESS = re.compile(
    r"://|www\.|(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:[^\s]|[\w-]\.[\w-]+/|[\w-]\.[a-z]{2,}[.,;:?!)]*$|&#?\w+;|_[\W_]|_$|__|--",
    re.IGNORECASE,
)
_NUMBER_OF_A_LIST = re.compile(r"\d+[.)]")


class Markdown(str):
    """A piece of markdown that is ours. Make one from a literal, and put texts into it with `format` alone."""

    __slots__ = ()

    def format(self, *values: object) -> Markdown:  # type: ignore[override]  # no names: each value has its place
        """The markdown with these values in the places of `{}`. Every value that is not `Markdown` becomes text."""
        return Markdown(str.format(self, *(v if isinstance(v, Markdown) else shown(str(v)) for v in values)))

    def join(self, parts: Iterable[str]) -> Markdown:
        """The parts with this markdown between them. Every part that is not `Markdown` becomes text."""
        return Markdown(str.join(self, (part if isinstance(part, Markdown) else shown(part) for part in parts)))


def shown(text: str) -> Markdown:
    """A text from outside as markdown: plain words stay, and everything else, such as an address, becomes code.

    Line ends become spaces, and what is longer than 500 characters is cut.
    """
    pieces: list[str] = []
    coded: list[str] = []
    for word in one_line(_cut(text)).split():
        if _is_plain(word, first=not pieces and not coded):
            pieces += [code(" ".join(coded)), word] if coded else [word]
            coded = []
        else:
            coded.append(word)
    return Markdown(" ".join([*pieces, code(" ".join(coded))] if coded else pieces))


def code(text: str) -> Markdown:
    """A text as code, on one line. A JSON document in it says the same when it is copied."""
    content = one_line(text)
    fence = "`" * (max((len(ticks) for ticks in _TICKS.findall(content)), default=0) + 1)
    # A space beside a backtick is no part of the code, and keeps it apart from the fence.
    pad = " " if content.startswith(("`", " ")) or content.endswith(("`", " ")) else ""
    return Markdown(f"{fence}{pad}{content}{pad}{fence}" if content.strip() else "")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _is_plain(word: str, *, first: bool) -> bool:
    if _NAME.fullmatch(word):
        return True
    if _LIKE_AN_ADDRESS.search(word) or not (_WORD.fullmatch(word) or _MARK.fullmatch(word)):
        return False
    # At the beginning of a line other marks, and a number with a dot, would begin a list or a quotation.
    return not first or ((word[0] in _BEFORE_A_WORD or word[0].isalnum()) and not _NUMBER_OF_A_LIST.fullmatch(word))
