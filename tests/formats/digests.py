"""The digests of messages and other contents, as ledgers, states, memos and feeds have them.

`messages.jsonl` has an example of each in a line, with its digest; `contents.jsonl` the other hashes of contents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from activities.notices import file_name
from activities.requests import NoticeRequest
from client.bulk.addressing import Letter
from client.list_language import Filter
from domain.commands import MESSAGES, Experience, Message, RecordAssessmentResult, Registration
from domain.contents import content_digest
from domain.digests import digest_of
from domain.known_results import reason_hash
from domain.matters import certificate, experience, self_assessments, work_product
from domain.messages import InvalidMessage, parse, parse_message
from domain.personal import ContactRecord
from domain.types import Score
from feeds.results import with_message_id
from tests.formats.examples import EXAMPLES, REGISTRATION
from tests.formats.kept import FOLDER, Addition, as_line, examples

MESSAGES_FILE = FOLDER / "messages.jsonl"
CONTENTS_FILE = FOLDER / "contents.jsonl"
KINDS: dict[str, type[Message | Registration]] = {REGISTRATION: Registration, **MESSAGES}


def read(name: str, payload: dict[str, Any]) -> Message | Registration:
    """The message in an example."""
    if name == REGISTRATION:
        return parse(Registration, REGISTRATION, payload)
    return parse_message(name, json.dumps(payload).encode())


def additions() -> Iterator[Addition]:
    """The examples that are not kept yet."""
    kept = [(one["message"], one["payload"]) for one in examples(MESSAGES_FILE)]
    new = [
        as_line({"message": name, "payload": payload, "digest": digest_of(read(name, payload))})
        for name, payloads in EXAMPLES.items()
        for payload in payloads
        if (name, payload) not in kept
    ]
    if new:
        yield Addition(MESSAGES_FILE, tuple(new), f"{len(new)} examples of messages")
    known = {one["what"] for one in examples(CONTENTS_FILE)}
    others = [as_line({"what": what, "is": value}) for what, value in contents().items() if what not in known]
    if others:
        yield Addition(CONTENTS_FILE, tuple(others), f"{len(others)} hashes of contents")


def faults() -> Iterator[str]:
    """The examples whose digest is another one today, and the fields that no example gives, in sentences."""
    for number, one in enumerate(examples(MESSAGES_FILE), start=1):
        name, where = one["message"], f"tests/formats/{MESSAGES_FILE.name}, line {number}"
        if name not in KINDS:
            yield f"{where}: there is no message {name} any more. A message of the contract is never taken out"
            continue
        try:
            same = digest_of(read(name, one["payload"])) == one["digest"]
        except InvalidMessage as error:
            yield f"{where}: {error}. What was taken before must be taken for ever: the contract only grows"
            continue
        if not same:
            yield (
                f"{where}: {name} has another digest than the ledgers of open candidacies. Leave domain/digests.py"
                " as it is; a field of a message keeps its default, and a new one is optional (docs/changing.md)"
            )
    today = contents()
    for number, one in enumerate(examples(CONTENTS_FILE), start=1):
        if today.get(one["what"]) != one["is"]:
            yield f"tests/formats/{CONTENTS_FILE.name}, line {number}: {one['what']} is {today.get(one['what'])} today"
    for name, kind in KINDS.items():
        given = {path for payload in EXAMPLES.get(name, ()) for path in _given(name, payload)}
        for path in sorted(set(_fields(kind)) - given):
            yield f"no example of {name} gives {path}: add one to tests/formats/examples.py, then run `make formats`"


def _fields(kind: type[BaseModel], inside: str = "") -> Iterator[str]:
    """The path of each field of a message, and of the objects in it."""
    for name, field in kind.model_fields.items():
        yield f"{inside}{name}"
        for inner in _models(field.annotation):
            yield from _fields(inner, f"{inside}{name}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def _given(name: str, payload: dict[str, Any]) -> Iterator[str]:
    try:
        yield from _paths(read(name, payload))
    except InvalidMessage:
        return  # its kept line says why


def _paths(value: BaseModel, inside: str = "") -> Iterator[str]:
    """The path of each field that was given."""
    for name in value.model_fields_set:
        yield f"{inside}{name}"
        part = getattr(value, name)
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, BaseModel):
                yield from _paths(one, f"{inside}{name}.")


# --- other hashes -------------------------------------------------------------------------------------------

_RESULT = {"result_id": "R-1", "domain": "people-management", "taken_at": "2026-11-22T15:00:00Z"}
_SCORES: dict[str, dict[str, Any]] = {
    "percentage": {"percentage": "74.990"},
    "points": {"points": 38, "out_of": 51, "revision": 2, "source": "Vendor A", "passed": True},
    "responses": {"form": "PM-A", "responses": {"1": "B", "2": "D"}},
    "no-show": {"outcome": "no_show"},
    "voided": {"outcome": "voided"},
}


def contents() -> dict[str, Any]:
    """Every other hash of a content that one build makes and another one compares."""
    found: dict[str, Any] = {}
    for name, score in _SCORES.items():
        found[f"content_digest, {name}"] = content_digest(RecordAssessmentResult.model_validate({**_RESULT, **score}))
        row = {key: value for key, value in {**_RESULT, **score}.items() if value is not None}
        found[f"message id of a feed's row, {name}"] = with_message_id("C-1001", "CCMA", row)["message_id"]
    found["reason_hash"] = reason_hash(" the flag\n was wrong, says ana@example.org ")
    found["hash of a URI"] = work_product._short("https://example.org/w-1.pdf")
    record = Experience.model_validate({"role": "Director", "started_on": "2024-02-29"})
    whole = record.model_copy(update={"attested_by": "M. Vogel", "ended_on": record.started_on})
    found["experience, least"] = experience._digest(record)
    found["experience, whole"] = experience._digest(whole)
    assessed_at = datetime(2026, 11, 22, 15, tzinfo=UTC)
    assessed = self_assessments._digest("people-management", assessed_at, Score(points=Decimal("74.990")))
    found["self-assessment"] = assessed
    contact = ContactRecord(name="Ana Ruiz", email="ana@example.org")
    found["earlier names and addresses"] = list(contact._knowing("C-1001", "anaruiz", "ana@example.org"))
    found["certificate number"] = certificate.number_of("CCMA", "certification:CCMA:C-1001", "0" * 36)
    found["notice file"] = file_name(
        NoticeRequest(
            key="certification:CCMA:C-1001:0:7",
            notice="certified",
            queued_at="2026-11-22T15:00:00Z",  # type: ignore[arg-type]
            to_name="Ana Ruiz",
            to_email="ana@example.org",
            facts={"designation": "CCMA", "candidate_id": "C-1001", "event": {"sequence": 7}},
        )
    )
    for name, wanted in _FILTERS.items():
        found[f"letter to many, {name}"] = Letter("suspend", b'{"reason": "r", "by": "b"}', wanted).content("s")
    return found


_FILTERS = {
    "by status": Filter(statuses=("testing", "settling")),
    "by everything": Filter(("testing",), ("CCMA",), timedelta(days=30), True, "CandidateId = 'C'"),
}
