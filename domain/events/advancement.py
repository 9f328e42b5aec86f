"""Events of the way from one certificate to a higher one, at both of them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.erasable import FreeText
from domain.events.base import BaseEvent
from domain.stored import StoredStatus
from domain.types import Instant


class AdvancementRequested(BaseEvent):
    type: Literal["AdvancementRequested"] = "AdvancementRequested"
    target: str
    workflow_id: str
    reference: FreeText
    purchased_at: Instant
    experience: dict[str, FreeText | None] | None = None
    deadline: date | None = None
    settles_at: Instant | None = None


class AdvancementRefused(BaseEvent):
    type: Literal["AdvancementRefused"] = "AdvancementRefused"
    target: str
    reason: FreeText


class AdvancementEnded(BaseEvent):
    """The higher candidacy was closed without a certificate. Recorded at the lower certificate."""

    type: Literal["AdvancementEnded"] = "AdvancementEnded"
    target: str
    workflow_id: str
    status: StoredStatus


class LowerGaveWay(BaseEvent):
    """The lower certificate gave way at this instant. Recorded at the higher candidacy, before it is certified."""

    type: Literal["LowerGaveWay"] = "LowerGaveWay"
    workflow_id: str
    gave_way_at: Instant


class Superseded(BaseEvent):
    type: Literal["Superseded"] = "Superseded"
    by_workflow_id: str
    by_number: str


AdvancementEvent = AdvancementRequested | AdvancementRefused | AdvancementEnded | LowerGaveWay | Superseded
