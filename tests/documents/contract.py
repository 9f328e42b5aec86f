"""Reads docs/contract.md, and says in plain English where a name there and a name in the code differ.

The contract is read by headings, by tables (found by the heading of their first column) and by JSON examples. A name
is what stands between backticks; an optional field stands in brackets.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from runtime.settings import ROOT

DOCUMENT = "docs/contract.md"
TEXT = (ROOT / DOCUMENT).read_text()

Row = dict[str, str]


class Fields(NamedTuple):
    """The fields of an object, each with whether it is required."""

    required: Mapping[str, bool]

    @classmethod
    def of(cls, model: type[BaseModel]) -> "Fields":
        """The fields of a model."""
        return cls({name: field.is_required() for name, field in model.model_fields.items()})

    @classmethod
    def named_in(cls, cell: str) -> "Fields":
        """The fields that a cell lists before any semicolon."""
        listed = cell.partition(";")[0]
        optional = set(re.findall(r"\[`([^`]+)`\]", listed))
        return cls({name: name not in optional for name in names(listed)})


# --- reading --------------------------------------------------------------------------------------------------


def section(heading: str) -> str:
    """What stands under a heading, up to the next heading of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", _without_examples(TEXT), re.MULTILINE | re.DOTALL)
    if found is None:
        pytest.fail(f"{DOCUMENT} has no heading “{heading}”.", pytrace=False)
    return found[1].replace("\x00", "#")


def _without_examples(text: str) -> str:
    """The same text, where a number sign within an example is no heading."""
    return re.sub(r"```.*?```", lambda block: block[0].replace("#", "\x00"), text, flags=re.DOTALL)


def tables(heading: str) -> list[list[Row]]:
    """The tables under a heading: of each its rows, and of each row its cells by the heading of their column."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n)+", section(heading), re.MULTILINE):
        head, _, *rows = [_cells(line) for line in block.splitlines()]
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table(heading: str, column: str) -> list[Row]:
    """The table under a heading whose first column has this heading."""
    for rows in tables(heading):
        if next(iter(rows[0])) == column:
            return rows
    pytest.fail(f"{DOCUMENT} has no table with the first column “{column}” under “{heading}”.", pytrace=False)


def column(heading: str, first: str) -> list[str]:
    """The one name in each row of the first column of a table."""
    return [names(row[first])[0] for row in table(heading, first)]


def names(text: str) -> list[str]:
    """Everything between backticks, examples left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def values(cell: str) -> list[str]:
    """The values that a cell names itself, or those of the first columns of the heading that it links to."""
    link = re.search(r"\]\(#([\w-]+)\)", cell)
    if link is None:
        return names(cell)
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    linked = [heading for heading in headings if re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") == link[1]]
    return [names(next(iter(row.values())))[0] for heading in linked for rows in tables(heading) for row in rows]


def examples(heading: str) -> list[Any]:
    """The JSON examples under a heading."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section(heading), re.DOTALL)]


def objects(text: str) -> list[Any]:
    """The JSON objects in the middle of a text."""
    return [json.loads(name) for name in names(text) if name.startswith("{")]


# --- comparing ------------------------------------------------------------------------------------------------


def differences(what: str, named: Iterable[str], there: Iterable[str], where: str, *, of: str = "") -> Iterator[str]:
    """A sentence for each name that only one of the two sides has.

    `where` is the file of the code; `of` is what has the names, as the words that follow a name.
    """
    documented, coded, owner = list(dict.fromkeys(named)), list(dict.fromkeys(there)), f" {of}".rstrip()
    for name in documented:
        if name not in coded:
            yield f"{DOCUMENT} names {what} `{name}`{owner}; {where} does not have it."
    for name in coded:
        if name not in documented:
            yield f"{where} has {what} `{name}`{owner}; {DOCUMENT} does not name it."


def order(what: str, named: Iterable[str], there: Iterable[str], where: str) -> Iterator[str]:
    """As `differences`; where both sides have the same names, a sentence if their order differs."""
    documented, coded = list(named), list(there)
    found = list(differences(what, documented, coded, where))
    if not found and documented != coded:
        found = [f"{DOCUMENT} has {what} in the order {documented}; {where} has {coded}."]
    yield from found


def field_differences(owner: str, named: Fields, there: Fields, where: str) -> Iterator[str]:
    """A sentence for each field that only one side has, or that only one side requires."""
    yield from differences("the field", named.required, there.required, where, of=f"of {owner}")
    for name, needed in named.required.items():
        if there.required.get(name, needed) != needed:
            says, has = ("required", "optional") if needed else ("optional", "required")
            yield f"{DOCUMENT} says that the field `{name}` of {owner} is {says}; in {where} it is {has}."


def says(sentence: str, where: str) -> Iterator[str]:
    """A difference where the document does not say this, wherever its lines break."""
    if sentence not in " ".join(TEXT.split()):
        yield f"{where} wants {DOCUMENT} to say “{sentence}”; it does not."


def agree(*found: Iterable[str]) -> None:
    """Fails with every difference that was found, a line for each."""
    sentences = [sentence for some in found for sentence in some]
    if sentences:
        pytest.fail("The contract and the code differ:\n" + "\n".join(sentences), pytrace=False)
