"""Events of the professional experience."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.erasable import FreeText
from domain.events.base import BaseEvent
from domain.types import Instant


class ExperienceRecorded(BaseEvent):
    """`differs_in` names the fields that differ from an earlier record of the same role and start."""

    type: Literal["ExperienceRecorded"] = "ExperienceRecorded"
    role: FreeText
    started_on: date
    ended_on: date | None = None
    attested_by: FreeText | None = None
    met_on: date | None
    met_at: Instant | None
    differs_in: tuple[str, ...] = ()


class ExperienceMet(BaseEvent):
    type: Literal["ExperienceMet"] = "ExperienceMet"
    met_on: date


ExperienceEvent = ExperienceRecorded | ExperienceMet
