"""A journal as a newer build of the same format would have written it: with more in it, at every level."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from workflows.journal import Journal

FIELD = "added_later"
VALUE: dict[str, Any] = {"rate": 7.25, "big": 12345678901234567890123456789012, "text": "für später", "list": [1, None]}
AT = "2026-01-05T12:00:00Z"

EVENT = {"sequence": 0, "at": AT, "type": "MedalAwarded", "effective_on": None, "medal": {"of": "gold"}, "reason": "x"}
EFFECT = {"effect": "send_letter", "sequence": 0, "letter": ["a", 1.5], "to_the": "candidate"}
NOTICE = {
    "effect": "notify",
    "sequence": 0,
    "notice": "medal-awarded",
    "queued_at": AT,
    "subject": None,
    "facts": {"medal": 1},
}
EVENTS_WITH_LATER_WORDS: tuple[dict[str, Any], ...] = (
    {"type": "BorderDeferred", "alarm": "later-alarm", "deadline": AT, "domain": None, "waits_for": "a medal"},
    {"type": "AttentionRaised", "attention": "later-kind:M-1", "reason": "x", "asked": {"kind": "later-alarm"}},
    {"type": "NoticeUndeliverable", "notice": "medal-awarded", "about": 1, "reason": "x", "cause": "later-cause"},
    {
        "type": "MessageRefused",
        "message": "award_medal",
        "code": "later-code",
        "reason": "x",
        "from_signal": True,
        "sha256": "",
    },
    {"type": "CandidacyClosed", "status": "later_status", "reason": "x"},
)


def with_later_fields(document: dict[str, Any]) -> dict[str, Any]:
    """The journal with an unknown field in every object of it."""
    newer: dict[str, Any] = json.loads(json.dumps(document))
    for part in list(objects(newer)):
        part[FIELD] = VALUE
    return newer


def objects(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every object of a journal that has fields of its own, and not names or ids as its keys."""
    yield from _objects(Journal.read(document), document)


def _objects(value: Any, written: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, BaseModel):
        if written is None:
            return  # the build that wrote this journal did not know of it
        yield written
        for name, part in value:
            yield from _objects(part, written.get(name))
    elif isinstance(value, dict) and isinstance(written, dict):
        for key, part in value.items():
            yield from _objects(part, written.get(str(key)))
    elif isinstance(value, list | tuple) and isinstance(written, list):
        for part, one in zip(value, written, strict=True):
            yield from _objects(part, one)


def with_later_things(document: dict[str, Any]) -> dict[str, Any]:
    """The journal with events, effects and words that only the newer build knows."""
    newer: dict[str, Any] = json.loads(json.dumps(document))
    state = newer["state"]
    for event in (EVENT, *EVENTS_WITH_LATER_WORDS, {**EVENT, "type": "MedalLost"}):
        state["sequence"] += 1
        newer["events"].append({"at": AT, **event, "sequence": state["sequence"]})
    newer["outbox"] += [{**EFFECT, "sequence": state["sequence"]}, {**NOTICE, "sequence": state["sequence"]}]
    newer["ledger"]["later-1"] = {
        "digest": "9:abc",
        "status": "later_status",
        "events": ["MedalAwarded"],
        "sequence": state["sequence"],
    }
    state["attention"] += ["later-kind:M-1", "later-kind"]
    state["asked"].append({"kind": "later-alarm", "at": AT, "domain": ""})
    state["refusals"].append(
        {"sequence": 3, "at": AT, "message": "award_medal", "code": "later-code", "reason": "x", "from_signal": True}
    )
    state["undelivered"].append(
        {"at": AT, "notice": "medal-awarded", "about": 1, "cause": "later-cause", "reason": "x"}
    )
    for hold in state["held"].values():
        hold["reasons"].append("later-reason")
        hold["waived"].append("later-reason")
    state["aside_waived"]["R-none"] = ["later-reason"]
    return newer


def lost(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths at which something of the first document is not in the second."""
    if isinstance(before, dict):
        for key, value in before.items():
            if not isinstance(after, dict) or key not in after:
                yield f"{path}.{key}"
            else:
                yield from lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list):
        if not isinstance(after, list) or len(before) != len(after):
            yield path
        else:
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                yield from lost(one, other, f"{path}[{index}]")
    elif type(before) is not type(after) or before != after:
        yield path
