"""An entry of the timeline, as one type. The worker and the record make it (`views/timeline.py`), and clients read it.

This module imports no model: where the same message is sent twice, the command line reads the timeline without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

_DECIDERS = ("by", "approved_by", "reviewer")


class Taken(NamedTuple):
    """When and where a test was taken."""

    at: datetime
    source: str | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event, or a remark on what the timeline leaves out, which has the number 0.

    Programs read the properties. All else that the entry has is only shown, and is in `document()` alone: the fields of
    each type of event, those of a newer build, and their order.
    """

    _shown: dict[str, Any]

    @classmethod
    def of(cls, sequence: int, at: str, type: str, summary: str, **more: str | int) -> TimelineEntry:
        """An entry that is made of no event. `at` is an instant in UTC, as RFC 3339 has it."""
        return cls({"sequence": sequence, "at": at, "type": type, "summary": summary, **more})

    @classmethod
    def read(cls, answer: object) -> TimelineEntry:
        """One entry of the answer of the query `timeline`, of any build, as it came.

        Raises:
            ValueError: it is no such entry.
        """
        if not isinstance(answer, dict) or not isinstance(answer.get("sequence"), int):
            raise ValueError("an entry of a timeline is a JSON object with a number")
        if not all(isinstance(answer.get(name), str) for name in ("at", "type", "summary")):
            raise ValueError("an entry of a timeline has an instant, a type and a summary")
        datetime.fromisoformat(answer["at"])
        return cls(answer)

    def document(self) -> dict[str, Any]:
        """The entry as a JSON document, with everything that it had when it came."""
        return dict(self._shown)

    @property
    def sequence(self) -> int:
        """The number of the event in its candidacy, from 1; 0 for what is no event."""
        number: int = self._shown["sequence"]
        return number

    @property
    def at(self) -> datetime:
        """When the engine decided."""
        return datetime.fromisoformat(self._shown["at"])

    @property
    def type(self) -> str:
        """The type of the event, as the contract names it."""
        return str(self._shown["type"])

    @property
    def summary(self) -> str:
        """The event in one plain line."""
        return str(self._shown["summary"])

    @property
    def effective_on(self) -> date | None:
        """The day from which the event counts, in the body's zone, where that is another one."""
        day = self._shown.get("effective_on")
        return date.fromisoformat(day) if isinstance(day, str) else None

    @property
    def taken(self) -> Taken | None:
        """When and where the test was taken whose result the event is about."""
        result = self._result
        at, source = result.get("taken_at"), result.get("source")
        return Taken(datetime.fromisoformat(at), source if isinstance(source, str) else None) if at else None

    @property
    def result_id(self) -> str | None:
        """The id of the result that the event is about."""
        return _text(self._result.get("result_id") or self._shown.get("result_id"))

    @property
    def submission_id(self) -> str | None:
        """The id of the work product, or of the evidence, that the event is about."""
        return _text(self._shown.get("submission_id"))

    @property
    def deciders(self) -> tuple[str, ...]:
        """Who has decided it."""
        return tuple(str(self._shown[name]) for name in _DECIDERS if self._shown.get(name))

    @property
    def _result(self) -> dict[str, Any]:
        result = self._shown.get("result")
        return result if isinstance(result, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
