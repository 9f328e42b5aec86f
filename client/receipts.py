"""The receipt of a message, as a candidacy gives it. This module imports no model: one message is sent without them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

_CONTENT = "content"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a message: the status after it, the types of its events, and the number of the newest event then.

    `duplicate`: the message was taken before. Programs read these fields. What a newer build says beside them is in
    `document()` alone.
    """

    status: str
    events: tuple[str, ...]
    duplicate: bool
    sequence: int
    _shown: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, answer: object) -> Receipt:
        """The answer of an update, of any build, as it came.

        Raises:
            ValueError: it is no receipt.
        """
        if not isinstance(answer, dict):
            raise ValueError("a receipt is a JSON object")
        events = answer.get("events")
        return cls(
            status=str(answer.get("status") or ""),
            events=tuple(map(str, events)) if isinstance(events, list) else (),
            duplicate=answer.get("duplicate") is True,
            sequence=sequence if isinstance(sequence := answer.get("sequence"), int) else 0,
            _shown=answer,
        )

    @property
    def held(self) -> bool:
        """Whether the message brought a result that waits for the decision of a person."""
        return "ResultHeld" in self.events

    def document(self) -> dict[str, Any]:
        """The answer as a JSON document, with everything that it had when it came."""
        return dict(self._shown)


class TakenBefore(NamedTuple):
    """What the query `receipts` says of one message that was taken: its receipt, and the digest of its content."""

    receipt: Receipt
    content: str

    @classmethod
    def read(cls, answer: object) -> TakenBefore:
        """One answer of the query.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(answer, dict):
            raise ValueError("a receipt is a JSON object")
        receipt = {name: value for name, value in answer.items() if name != _CONTENT}
        return cls(Receipt.read(receipt), str(answer.get(_CONTENT) or ""))
