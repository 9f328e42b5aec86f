"""Finds the known columns among the names in a table's first line, or among the fields of a JSON object."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from feeds.table import MAX_IGNORED, Columns

# At this similarity a misspelt `purchased_at` is noticed, and `passed_at` is not mistaken for `passed`.
_SIMILAR = 0.87


class Header(NamedTuple):
    """Which column each name stands for.

    `places` has the place of each known column, counted from 0. `ignored` are the unknown names, as they may be shown.
    `faults` are sentences about names that cannot be accepted.
    """

    places: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def found(self) -> set[str]:
        """The known columns that are there."""
        return {column for _, column in self.places}


def find_columns(names: Sequence[str], columns: Columns) -> Header:
    """Match names with columns. Case, blanks, hyphens and underscores make no difference."""
    known = {_key(name): name for name in columns.names}
    aliases = {_key(alias): name for alias, name in columns.aliases.items()}
    keys = [_key(name) for name in names]
    named_in_full = {known[key] for key in keys if key in known}
    places: dict[int, str] = {}
    ignored: list[str] = []
    faults: list[str] = []
    for place, key in enumerate(keys):
        column = known.get(key) or aliases.get(key)
        # Where there is a column `candidate_id`, a column `candidate` must mean something else.
        if column is None or (key not in known and column in named_in_full):
            ignored.append(_shown(names[place]) or f"(column {place + 1}, without a name)")
        elif column in places.values():
            faults.append(f"the column {column} is there twice: remove one")
        else:
            places[place] = column
    absent = [key for key, name in known.items() if name not in places.values()]
    faults += _misspelt(ignored[:MAX_IGNORED], absent, known)
    return Header(tuple(places.items()), tuple(dict.fromkeys(ignored))[:MAX_IGNORED], tuple(faults))


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _misspelt(ignored: Iterable[str], absent: list[str], known: Mapping[str, str]) -> list[str]:
    """A fault for each ignored name that resembles an absent column.

    If a misspelt `purchased_at` were ignored, every purchase would get the date of today.
    """
    faults = []
    for name in ignored:
        similar = difflib.get_close_matches(_key(name)[:100], absent, n=1, cutoff=_SIMILAR)
        if similar:
            faults.append(
                f'the column "{name}" is not known: name it {known[similar[0]]} if that is meant, or else remove it'
            )
    return faults


def _shown(name: str) -> str:
    """An unknown name as a message may show it. In a file without a line of names it could be an e-mail address."""
    name = " ".join(name.split())
    return "(an e-mail address)" if "@" in name else name if len(name) <= 40 else f"{name[:39]}…"
