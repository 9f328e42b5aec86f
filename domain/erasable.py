"""The values of events that may tell something personal, and so may have to be erased one day."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from domain.texts import without_addresses


class Erasable:
    """Marks a value of an event that may tell something personal, so that it may have to be erased one day.

    The record keeps such values beside the event (`record/sealing.py`), which is itself never changed. A hash over
    erasable values is erasable too, because a short text could be found again by trying. `of` names the field over
    which the hash goes, where it need not be there: without it, the hash tells nothing.
    """

    def __init__(self, of: str | None = None) -> None:
        self.of = of


ERASABLE = Erasable()

FreeText = Annotated[str, AfterValidator(without_addresses), ERASABLE]
"""A text of an event that a person or another system wrote. Its e-mail addresses are masked (R9)."""

HashOfTexts = Annotated[str, ERASABLE]
"""A hash over what people wrote."""

Reference = Annotated[str, ERASABLE]
"""Where a document of the candidate can be found, as it was given; its name may tell who she is."""
