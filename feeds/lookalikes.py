"""Finds rows that look alike and are probably one: ids that differ only in case or leading zeros, and the like.

No row is wrong by itself, so these are doubts, not problems.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple

from feeds.checking import Doubt, DoubtKind
from feeds.table import finding


class Seen(NamedTuple):
    """An id and the row where it stands; or the id of the person to whom the value belongs that stands there."""

    id: str
    row: int


Groups = Mapping[Hashable, list[Seen]]
"""Ids by what they have in common."""


def grouped(seen: Iterable[tuple[Hashable, Seen]]) -> Groups:
    """The ids by what they have in common."""
    groups: dict[Hashable, list[Seen]] = {}
    for key, one in seen:
        groups.setdefault(key, []).append(one)
    return groups


def similar(what: str, groups: Groups) -> Iterator[Doubt]:
    """The doubts about ids that look alike. `what` they are goes before them in the sentence."""
    for ids, rows in _several(groups.values()):
        form = what + " {} differ only in case or leading zeros"
        yield Doubt(DoubtKind.LOOKALIKE, rows, finding(form, _both(ids)))


def shared(what: str, groups: Groups, *, show: bool) -> Iterator[Doubt]:
    """The doubts about a value that several people have. `show` says whether the value may be shown."""
    for value, group in groups.items():
        for ids, rows in _several([group]):
            shown = f' "{str(value)[:40]}"' if show else ""
            yield Doubt(DoubtKind.LOOKALIKE, rows, finding("{} have the same " + what + "{}", _both(ids), shown))


def _several(groups: Iterable[list[Seen]]) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """The different ids of each group that has several, and the row where each stands first."""
    for group in groups:
        first: dict[str, int] = {}
        for one in group:
            first.setdefault(one.id, one.row)
        if len(first) > 1:
            yield list(first), tuple(first.values())


def _both(ids: Iterable[str]) -> str:
    *others, last = ids
    return f"{', '.join(others[:4])} and {last}"
