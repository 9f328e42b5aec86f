"""What a newer build of the same format has added is kept by this build, wherever it stands, while the candidacy lives.

A candidacy moves to a newer build and back. Nothing that the newer one wrote may be lost on the way: it is still there
when the candidacy moves forth again.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain import rulebook
from domain.commands import RefuseMessage, RingAlarm
from domain.decision import Refused
from domain.events import LaterEvent
from domain.formats import FORMAT
from domain.messages import InvalidMessage, parse_message
from domain.scheme import Scheme
from domain.vocabulary import Attention, AttentionKind, HoldReason, RefusalCode, Status
from tests.cases import each
from tests.formats import journals, newer
from tests.formats.journals import name_of, paths
from tests.scheme import SCHEME
from tests.workflows.seeds import take
from views.details import details
from views.standing import status_view
from views.timeline import timeline_view
from workflows.journal import Journal

PATHS = {name_of(path): path for path in paths() if path.parent.name == str(FORMAT)}
NAMES = sorted(PATHS)


def read(name: str) -> dict[str, Any]:
    return journals.read(PATHS[name if "/" in name else f"{FORMAT}/{name}"])


def handed_over(journal: Journal) -> Journal:
    return Journal.read(json.loads(json.dumps(journal.carried())))


def say(journal: Journal, name: str, at: datetime, /, **fields: Any) -> None:
    """Sends a message, and enters it into the ledger, whether it is taken or refused."""
    message = parse_message(name, json.dumps(fields).encode())
    try:
        journal.remember(f"said-{at.isoformat()}", "1:x", take(journal, message, at))
    except Refused as error:
        refusal = RefuseMessage(
            message=name, code=error.code, reason=error.reason, from_signal=True, sha256="", excerpt=""
        )
        journal.refuse(refusal, at)


def live_on(journal: Journal, alarms: int) -> Journal:
    """Messages come, alarms ring, and the journal is handed over between them."""
    now = journal.events[-1].at
    say(journal, "update_contact", now, name="Ana Ruiz-Vega", publish=True)
    journal = handed_over(journal)
    say(journal, "reinstate", now, reason="a message that is refused, where it is not suspended", by="M. Vogel")
    say(journal, "record_self_assessment", now, domain="operations-management", percentage=55)
    for _ in range(alarms):
        alarm = rulebook.next_alarm(journal.state)
        if alarm is None:
            break
        now = max(now, alarm.at)
        take(journal, RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject), now)
        assert read_by_people(journal, now)
        journal = handed_over(journal)
    return journal


def read_by_people(journal: Journal, now: datetime) -> bool:
    """Everything that people read of a journal can be made."""
    view = status_view(journal.state, journal.contact.name, now)
    return bool(view.document() and details(journal.state, now) and timeline_view(journal.events, journal.omitted))


@each("name", NAMES)
def test_unknown_fields_at_every_level_are_kept_when_the_journal_is_handed_over(name: str) -> None:
    document = newer.with_later_fields(read(name))
    assert list(newer.lost(document, Journal.read(document).carried())) == []
    assert json.dumps(document).count(newer.FIELD) > 30


@each("name", NAMES)
def test_unknown_fields_are_kept_while_the_candidacy_lives_on(name: str) -> None:
    document = newer.with_later_fields(read(name))
    after = live_on(Journal.read(document), 60).carried()
    still = [path for path in _paths_of_later_fields(document) if path not in set(_paths_of_later_fields(after))]
    # A hold and a suspension end, notices give way to newer ones, and lists that are bounded lose their oldest entries.
    # Nothing else may go.
    ended = (".state.held.", ".state.suspension.", ".state.asked[", ".events[", ".outbox[")
    assert [path for path in still if not path.startswith(ended)] == []


def _paths_of_later_fields(value: Any, path: str = "") -> list[str]:
    if isinstance(value, list):
        return [found for index, one in enumerate(value) for found in _paths_of_later_fields(one, f"{path}[{index}]")]
    if not isinstance(value, dict):
        return []
    here = [f"{path}.{newer.FIELD}"] if value.get(newer.FIELD) == newer.VALUE else []
    return here + [
        found
        for key, one in value.items()
        if key != newer.FIELD
        for found in _paths_of_later_fields(one, f"{path}.{key}")
    ]


@each("name", NAMES)
def test_unknown_events_effects_and_words_are_kept(name: str) -> None:
    document = newer.with_later_things(read(name))
    journal = Journal.read(document)
    assert list(newer.lost(document, journal.carried())) == []
    after = live_on(journal, 3).carried()
    later = [event for event in document["events"] if event["sequence"] > read(name)["state"]["sequence"]]
    kept = {event["sequence"]: event for event in after["events"]}
    assert [list(newer.lost(event, kept[event["sequence"]])) for event in later] == [[]] * len(later)
    assert [effect for effect in after["outbox"] if effect in document["outbox"][-2:]] == document["outbox"][-2:]
    assert list(newer.lost(document["ledger"], after["ledger"])) == []
    assert "later-kind:M-1" in after["state"]["attention"] or after["state"]["closed"], "closing puts all to rest"
    certified = bool(after["state"]["certificate"]) and not document["state"]["certificate"]
    for field in ("refusals", "undelivered", *(() if certified else ("asked",))):
        assert list(newer.lost(document["state"][field][-1], _same(document["state"][field][-1], after, field))) == []


def _same(one: dict[str, Any], after: dict[str, Any], field: str) -> dict[str, Any] | None:
    return next((other for other in after["state"][field] if other["at"] == one["at"]), None)


@each("name", NAMES)
def test_what_is_not_known_is_shown_and_nothing_fails_over_it(name: str) -> None:
    journal = Journal.read(newer.with_later_fields(newer.with_later_things(read(name))))
    now = journal.events[-1].at + timedelta(hours=1)
    view = status_view(journal.state, journal.contact.name, now)
    assert {"later-kind:M-1", "later-kind"} <= {one.attention for one in view.matters}
    assert all(one.advice for one in view.matters)
    timeline = timeline_view(journal.events, journal.omitted)
    medal = next(entry for entry in timeline if entry.type == "MedalAwarded")
    assert medal.summary == "MedalAwarded: a newer build has recorded this event, and this build does not know it"
    assert medal.document()["at"] == newer.AT
    assert medal.sequence == read(name)["state"]["sequence"] + 1
    assert isinstance(journal.events[-1], LaterEvent)
    assert journal.state.closed or "later-kind" in details(journal.state, now)
    assert journal.receipts(["later-1"])["later-1"]["status"] == "later_status"


def test_a_hold_for_a_reason_that_is_not_known_waits_for_a_person() -> None:
    """The purchase is there, so the known reasons fall away; the unknown one does not, and is shown."""
    document = read("held")
    for hold in document["state"]["held"].values():
        hold["reasons"] = ["later-reason"]
    journal = Journal.read(document)
    now = journal.events[-1].at
    say(journal, "record_self_assessment", now, domain="people-management", percentage=55)
    assert len(journal.state.held) == len(document["state"]["held"]) > 0
    view = status_view(journal.state, "Ana Ruiz", now)
    assert all("later-reason, a reason that a newer build has found" in one.what for one in view.matters)
    say(journal, "resolve_held_result", now, result_id="H-2", decision="accept", by="B. Oss", reason="it is right")
    assert [hold.result.result_id for hold in journal.state.held.values()] == ["H-1"]
    assert "H-2" in journal.state.results


def test_an_event_of_this_build_that_was_kept_as_unknown_is_itself_again() -> None:
    """What the newer build reads after the way back is what it had written."""
    document = read("testing")
    event = json.loads(json.dumps(document["events"][-1]))
    document["events"][-1]["type"] = "UnknownHere"
    carried = Journal.read(document).carried()
    assert {**carried["events"][-1], "type": event["type"]} == event
    assert (
        Journal.read({**carried, "events": [{**carried["events"][-1], "type": event["type"]}]}).events[-1]
        == (Journal.read(read("testing")).events[-1])
    )


def test_an_event_or_effect_of_a_known_type_that_cannot_be_read_is_an_error_and_not_unknown() -> None:
    for field, wrong in (("events", {"type": "Withdrawn"}), ("outbox", {"effect": "notify", "notice": 7})):
        with pytest.raises(ValidationError, match=field):
            Journal.read({**read("testing"), field: [wrong]})


# --- what is read from people stays strict


def test_a_scheme_file_with_an_unknown_rule_is_refused_and_a_pinned_programme_with_one_is_kept() -> None:
    programme = SCHEME.programme("CCMA").model_dump(mode="json")
    programme["rules"]["testing"]["later_days"] = 7
    programme["body"]["later"] = "x"
    kept = type(SCHEME.programme("CCMA")).model_validate(programme)
    assert list(newer.lost(programme, kept.model_dump(mode="json"))) == []
    file = SCHEME.model_dump(mode="json")
    for place in (file, file["body"], file["rules"], file["rules"]["testing"], file["designations"]["CCMA"]):
        place["later_days"] = 7
        with pytest.raises(ValidationError, match="later_days"):
            Scheme.of(file)
        del place["later_days"]
    assert Scheme.of(file) == SCHEME


def test_a_message_with_an_unknown_word_or_field_is_refused() -> None:
    verdict = {"submission_id": "W-1", "reviewer": "R. Viewer", "verdict": "splendid"}
    for fields in (verdict, {**verdict, "verdict": "passed", "later": 1}):
        with pytest.raises(InvalidMessage):
            parse_message("review_work_product", json.dumps(fields).encode())


def test_a_word_that_is_not_known_is_no_member_and_equal_to_none() -> None:
    from_a_newer_build = Journal.read(newer.with_later_things(read("held"))).state
    kinds = [one.kind for one in from_a_newer_build.attention if one.kind.startswith("later")]
    assert kinds == ["later-kind", "later-kind"]
    assert not {*kinds} & {*AttentionKind}
    assert all(isinstance(kind, AttentionKind) for kind in kinds)
    assert from_a_newer_build.refusals[-1].code not in tuple(RefusalCode)
    assert all(hold.reasons[-1] not in tuple(HoldReason) for hold in from_a_newer_build.held.values())
    with pytest.raises(ValueError, match="later"):
        Attention.parse("later-kind:M-1")
    with pytest.raises(ValueError, match="later"):
        Status("later_status")
