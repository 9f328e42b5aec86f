"""What lists of many candidacies show of the answer of the `status` query, read without its models.

There may be thousands of answers, and a command would wait for the models to be loaded. Names, meanings and defaults of
the fields are those of `views/status.py`, which has the whole answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class BriefSubmission:
    """A work product, or the evidence for a recertification. A work product has no `activities`, evidence no `uri`."""

    status: str
    submission_id: str | None
    arrived_at: datetime | None
    uri: str | None
    activities: int | None


@dataclass(frozen=True, slots=True)
class BriefMatter:
    """One reason for attention."""

    attention: str
    since: datetime | None
    what: str
    advice: str
    cause: str | None
    hold: int | None
    name_hold: bool
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BriefStatus:
    """What asks for a person's attention in one candidacy, and what waits for a reviewer's verdict."""

    candidate_id: str
    name: str
    designation: str
    status: str
    purchased_at: str | None
    work_product: BriefSubmission | None
    recertification: BriefSubmission | None
    attention: tuple[str, ...]
    matters: tuple[BriefMatter, ...]
    tells_matters: bool

    @classmethod
    def parse_json(cls, text: str) -> BriefStatus:
        """The answer that is kept as this JSON text, of any build.

        Raises:
            KeyError, ValueError: it is no answer of this query.
        """
        answer = json.loads(text)
        return cls(
            candidate_id=answer["candidate_id"],
            name=answer.get("name", ""),
            designation=answer["designation"],
            status=answer["status"],
            purchased_at=answer.get("purchased_at"),
            work_product=_submission(answer.get("work_product"), "open"),
            recertification=_submission(answer.get("recertification"), "closed"),
            attention=tuple(answer.get("attention", ())),
            matters=tuple(map(_matter, answer.get("matters", ()))),
            tells_matters="matters" in answer,
        )


def _submission(found: Mapping[str, Any] | None, before: str) -> BriefSubmission | None:
    """`before` is the status where the answer says none."""
    if found is None:
        return None
    return BriefSubmission(
        status=found.get("status", before),
        submission_id=found.get("submission_id"),
        arrived_at=_instant(found.get("arrived_at")),
        uri=found.get("uri"),
        activities=found.get("activities"),
    )


def _matter(found: Mapping[str, Any]) -> BriefMatter:
    return BriefMatter(
        attention=found["attention"],
        since=_instant(found.get("since")),
        what=found.get("what", ""),
        advice=found.get("advice", ""),
        cause=found.get("cause"),
        hold=found.get("hold"),
        name_hold=found.get("name_hold", False),
        decisions=tuple(found.get("decisions", ())),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
