"""What docs/contract.md has promised so far: `promised.json` keeps every name for ever, and only grows.

The other tests hold the contract to the code. They would not notice a name that is taken out of both. Run
`python -m tests.documents.promise` after adding names to the contract; it removes none.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.documents.contract import TEXT, Fields, examples, names, tables

FILE = Path(__file__).with_name("promised.json")
LISTS = ("fields", "values", "document", "checks", "labels", "value")
"""The columns that list names. In the other columns a name may be mentioned, and the wording may change."""
SENT_TO_US = ("Start: the registration", "Messages")
"""The headings whose fields integrations send: a new field there must be optional."""

Promise = dict[str, dict[str, bool]]


def in_the_contract() -> Promise:
    """The names in each row of each table, and in each example, by heading and row; and which fields are required."""
    promise: Promise = {}
    for heading in [line.lstrip("#").strip() for line in TEXT.splitlines() if line.startswith("#")]:
        for rows in tables(heading):
            for row in rows:
                listed = [column for column in LISTS if column in row]
                first, cell = next(iter(row.values())), " ".join(row[column] for column in listed)
                kind = "" if listed in ([], ["fields"]) else f", {' and '.join(listed)}"
                known = promise.setdefault(f"{heading}{kind}: {first}", {})
                known |= {**dict.fromkeys(names(first), True), **Fields.named_in(cell).required}
        in_examples = {path: True for example in examples(heading) for path in paths(example)}
        if in_examples:
            promise[f"{heading}, examples:"] = in_examples
    return promise


def paths(value: Any, inside: str = "") -> Iterator[str]:
    """The path of each field in a JSON value, as `certificate.number`; the entries of a list count as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{inside}{name}"
            yield from paths(inner, f"{inside}{name}.")
    if isinstance(value, list):
        for entry in value:
            yield from paths(entry, inside)


def promised() -> Promise:
    """What was promised before."""
    recorded: Promise = json.loads(FILE.read_text())
    return recorded


def lost(before: Promise, now: Promise) -> list[str]:
    """The names that were promised and are gone, and the fields that a sender must give and did not have to before."""
    sentences = []
    for row, known in before.items():
        current = now.get(row, {})
        sentences += [f"{row}: `{name}` was promised and is gone" for name in known if name not in current]
        if row.partition(": ")[0] in SENT_TO_US:
            sentences += [
                f"{row}: `{name}` must be given now, and senders of before do not give it"
                for name, required in current.items()
                if required and not known.get(name, False)
            ]
    return sentences


def grown(before: Promise, now: Promise) -> Mapping[str, Mapping[str, bool]]:
    """The promise with what the contract has gained; where a field may be left out today, it always may."""
    return {
        row: {**before.get(row, {}), **now.get(row, {})}
        for row in [*before, *(row for row in now if row not in before)]
    }


if __name__ == "__main__":
    before = promised() if FILE.exists() else {}
    FILE.write_text(json.dumps(grown(before, in_the_contract()), indent=1, ensure_ascii=False) + "\n")
