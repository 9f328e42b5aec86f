"""What a candidacy says would come of messages: the same as when they are taken, and nothing changes."""

import json
from datetime import timedelta
from typing import Any

from domain.commands import Contact, Purchase, Register
from domain.digests import digest_of
from domain.messages import parse_message
from tests.unit.domain.builders import CIAC, CUSTOMERS, OPERATIONS, PEOPLE, START
from workflows.foreseeing import Foreseen, foresee
from workflows.journal import Journal

NOW = START + timedelta(days=100)
RESULT = "record_assessment_result"


def journal() -> Journal:
    """A candidate for CCMA who bought testing at `START`."""
    register = Register(
        candidate_id="C-1",
        workflow_id="certification:CCMA:C-1",
        enrolment="0" * 36,
        designation="CCMA",
        programme=CIAC.programme("CCMA"),
        purchase=Purchase(reference="INV-1", purchased_at=START),
    )
    return Journal.open(register, Contact(name="Ana Ruiz", email="ana@example.org"), START)


def result(number: int, days: int, domain: str = PEOPLE, **fields: Any) -> dict[str, Any]:
    at = (START + timedelta(days=days)).isoformat()
    return {"result_id": f"R-{number}", "domain": domain, "taken_at": at, "percentage": "90", **fields}


def foreseen(of: Journal, name: str, *payloads: dict[str, Any]) -> list[Foreseen]:
    before = of.model_dump_json()
    found = foresee(of, name, [json.dumps(payload) for payload in payloads], NOW)
    assert of.model_dump_json() == before, "nothing is taken"
    return found


def take(of: Journal, name: str, payload: dict[str, Any]) -> list[str]:
    message = parse_message(name, json.dumps(payload).encode())
    events = of.take(message, NOW)
    of.remember(message.message_id, digest_of(message), events)
    return events


def test_each_message_is_foreseen_after_those_before_it() -> None:
    candidate = journal()
    payloads = [
        result(1, 10, percentage="40"),
        result(2, 20, percentage="41"),
        result(3, 10, OPERATIONS, outcome="no_show", percentage=None, passed=False),
        result(1, 10, percentage="40"),
        result(4, 50, CUSTOMERS),
    ]
    found = foreseen(candidate, RESULT, *payloads)
    assert [one["outcome"] for one in found] == ["taken", "taken", "taken", "duplicate", "taken"]
    assert [one["events"] for one in found] == [take(candidate, RESULT, payload) for payload in payloads]
    assert found[1]["events"] == ["ResultHeld"], "it is too close to the one before it in the list"


def test_what_the_rules_refuse_is_foreseen_with_its_code_and_reason() -> None:
    candidate = journal()
    (early, later) = foreseen(
        candidate,
        "extend_deadline",
        *({"until": day, "reason": "storm", "approved_by": "M"} for day in ("2027-01-01", "2029-01-01")),
    )
    assert (early["outcome"], early["code"]) == ("refused", "not-later")
    assert early["reason"]
    assert later == {"outcome": "taken", "events": ["DeadlineExtended"]}
    (no_holder,) = foreseen(candidate, "suspend", {"reason": "why", "by": "M"})
    assert no_holder["code"] == "not-a-holder"


def test_after_a_message_that_closes_the_candidacy_the_next_is_refused() -> None:
    first, second = foreseen(journal(), "withdraw", {}, {"reason": "once more"})
    assert first["events"] == ["Withdrawn", "CandidacyClosed"]
    assert (second["outcome"], second["code"]) == ("refused", "closed")


def test_a_message_id_that_is_known_is_a_duplicate_or_a_misuse() -> None:
    candidate = journal()
    take(candidate, RESULT, result(1, 10, message_id="m-1"))
    same, other = foreseen(candidate, RESULT, result(1, 10, message_id="m-1"), result(2, 60, message_id="m-1"))
    assert same["outcome"] == "duplicate"
    assert (other["outcome"], other["code"]) == ("refused", "message-id-reused")


def test_a_message_id_that_comes_twice_among_the_messages_is_a_duplicate_or_a_misuse() -> None:
    candidate = journal()
    practice: dict[str, Any] = {"domain": PEOPLE, "percentage": 50, "message_id": "m-1"}  # without its day
    payloads = [practice, practice, {**practice, "percentage": 60}, {**practice, "message_id": "m-2"}]
    first, same, other, another = foreseen(candidate, "record_self_assessment", *payloads)
    assert [one["outcome"] for one in (first, same, other, another)] == ["taken", "duplicate", "refused", "taken"]
    assert same["events"] == first["events"]
    assert other["code"] == "message-id-reused"
    assert "m-1" in other["reason"]


def test_what_cannot_be_understood_or_must_be_marked_first_is_said_so() -> None:
    invalid, unknown, late, open_ = foreseen(
        journal(),
        RESULT,
        {"result_id": "R-1"},
        result(1, 10, "no-such-domain"),
        result(2, 1000),
        result(3, 10, percentage=None, form="F-1", responses=["A"]),
    )
    assert {invalid["outcome"], unknown["outcome"], late["outcome"]} == {"invalid"}
    assert "domain" in unknown["reason"]
    assert open_["outcome"] == "open"
