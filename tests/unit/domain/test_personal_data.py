"""Rule 25 and R9: contact details are kept beside the state; addresses in texts are masked."""

import json
import types
from typing import Annotated, Any, Union, get_args, get_origin

import pytest

from domain import events as e
from domain.commands import MAX_KNOWN, AdvancesFrom, Contact, Purchase, Register
from domain.decision import Refused
from domain.erasable import FreeText
from domain.events import EVENTS, BaseEvent
from domain.personal import MAX_FORMER, ContactRecord
from domain.texts import MASK, addresses_in, folded, name_key, without_addresses
from domain.types import Frozen
from tests.cases import each
from tests.unit.domain.builders import SHA, START, Candidacy, days, holder, parse
from workflows.journal import Journal

ADDRESS = "kim@example.org"

NOT_FREE = {
    # Words of the contract, of the scheme, and texts that the engine makes itself.
    "type", "path", "designation", "domain", "outcome", "what", "about", "decision", "cause", "phase", "status",
    "guidance", "scheme", "target", "number", "by_number", "notice", "changed", "differs_in", "sha256", "digest",
    "enrolment", "workflow_id", "by_workflow_id", "advances_from", "code", "waits_for", "percentage",
    # Names of things: a part of one that was masked would name nothing.
    "candidate_id", "message_id", "result_id", "submission_id", "uri", "form", "responses",
}  # fmt: skip


EVERY_EVENT: list[type[BaseEvent]] = [*BaseEvent.__subclasses__(), *e.ResultEvent.__subclasses__()]


def texts_of(kind: Any, field: str = "") -> set[str]:
    """The fields of a class of events that may hold any text, its inner objects included."""
    if kind is str:
        return {field}
    if isinstance(kind, type) and issubclass(kind, Frozen):
        hints = {name: info.rebuild_annotation() for name, info in kind.model_fields.items() if name != "programme"}
        return {found for name, hint in hints.items() for found in texts_of(hint, name)}
    if get_origin(kind) is Annotated:
        return set() if kind == FreeText else texts_of(get_args(kind)[0], field)
    if get_origin(kind) is dict:  # its keys are names of fields, or of questions
        return texts_of(get_args(kind)[1], field)
    if get_origin(kind) in (Union, types.UnionType, tuple, list):
        return {found for inner in get_args(kind) for found in texts_of(inner, field)}
    return set()


@each("kind", EVERY_EVENT)
def test_every_text_of_an_event_is_masked_or_a_word_or_the_name_of_a_thing(kind: type[BaseEvent]) -> None:
    assert texts_of(kind) - NOT_FREE == set()


def test_an_address_in_any_free_text_is_masked_before_it_is_stored() -> None:
    told = f"ask {ADDRESS}"
    candidacy = Candidacy("CCOM", at=START, paid=False)
    candidacy.say("confirm_purchase", reference=f"INV {ADDRESS}")
    candidacy.say("record_experience", role=f"Director <{ADDRESS}>", started_on="2020-01-01", attested_by=told)
    candidacy.say("extend_deadline", until="2028-12-31", reason=told, approved_by=told)
    candidacy.result("people-management", 90, passed=False, result_id="X", source=told)
    candidacy.say("resolve_held_result", result_id="X", decision="reject", by=told, reason=told)
    candidacy.submit()
    candidacy.review("revise", reviewer=told, comments=told)
    candidacy.signal("suspend", reason=told, by=told)
    candidacy.say("acknowledge", attention="refused-message", by=told, note=told)
    candidacy.say("withdraw", reason=told)
    held = holder()
    held.say("suspend", reason=told, by=told)
    held.say("reinstate", reason=told, by=told)
    held.advance_to(held.clock + days(800))
    activities = [{"title": f"A talk by {ADDRESS}", "completed_on": "2028-06-01"}]
    held.say("submit_recertification", submission_id="E", activities=activities)
    held.say("review_recertification", submission_id="E", reviewer=told, verdict="returned", comments=told)
    held.say("request_advancement", purchase={"reference": told}, experience={"role": told, "started_on": "2027-01-01"})
    held.say("revoke", reason=told, by=told)
    for one in (candidacy, held):
        kept = [event.model_dump_json() for event in one.events] + [one.state.model_dump_json()]
        assert not [line for line in kept if ADDRESS in line]
        assert MASK in "".join(kept)
        assert ADDRESS not in "".join(effect.model_dump_json() for effect in one.effects)


def test_what_was_masked_is_still_known_when_it_comes_again() -> None:
    candidacy = Candidacy(at=START, paid=False, since=None)
    for name, fields in (
        ("confirm_purchase", {"reference": f"INV {ADDRESS}"}),
        ("record_experience", {"role": f"Director {ADDRESS}", "started_on": "2020-01-01"}),
    ):
        assert candidacy.say(name, **fields)
        assert candidacy.say(name, **fields) == []
    candidacy.result("people-management", 90, passed=False, result_id="X")
    decision = {"result_id": "X", "decision": "reject", "by": f"Kim <{ADDRESS}>", "reason": f"{ADDRESS} asked"}
    assert candidacy.say("resolve_held_result", **decision) == ["ResultResolved"]
    assert candidacy.say("resolve_held_result", **decision) == []


@each(
    ("text", "masked"),
    [
        ("write to ana@example.org, please", f"write to {MASK}, please"),
        ("Ana <ana@example.org>", f"Ana <{MASK}>"),
        ("mailto:ana@example.org", f"mailto:{MASK}"),
        ('{"a": "ana\\u0040example.org"}', f'{{"a": "{MASK}"}}'),
        ("ana\uff20example.org", MASK),
        ("paid 12 @ 3 each", "paid 12 @ 3 each"),
    ],
)
def test_addresses_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert without_addresses(text) == masked


def test_addresses_are_found_in_a_text() -> None:
    assert addresses_in("Ana <ANA@Example.org>, or 'b@c.de'.") == ("ana@example.org", "b@c.de")


@each("name", ["José Łuczak", "JOSE  LUCZAK", "jose\u0301 łuczak", "José Łuczak <j@l.pl>"])
def test_names_are_equal_apart_from_case_accents_and_white_space(name: str) -> None:
    assert name_key(name) == "joseluczak"


def test_a_folded_text_is_composed_with_single_spaces() -> None:
    assert folded(" Jose\u0301 \u00a0 Ruiz\n") == "José Ruiz"


# --- the record of contact details ---


def changed(record: ContactRecord, number: int, **fields: object) -> ContactRecord:
    return record.after(parse("update_contact", **fields), START + days(number), "C-1001")


def test_what_is_replaced_is_kept_with_the_moment_of_its_end() -> None:
    record = ContactRecord(name="Ana Ruiz", email="ana@example.org")
    record = changed(record, 1, email="ruiz@example.net")
    record = changed(record, 2, name="Ana Maria Ruiz", email="ruiz@example.net", publish=True)
    assert (record.name, record.email, record.publish) == ("Ana Maria Ruiz", "ruiz@example.net", True)
    first, second = record.former
    assert (first.email, first.name, first.until) == ("ana@example.org", None, START + days(1))
    assert (second.name, second.email, second.publish) == ("Ana Ruiz", None, False)
    assert changed(record, 3, publish=True) == record
    assert record.names == ("Ana Maria Ruiz", "Ana Ruiz")


def test_the_former_details_are_bounded_and_their_hashes_too() -> None:
    record = ContactRecord(name="Ana Ruiz", email="ana@example.org")
    for number in range(MAX_KNOWN + 10):
        record = changed(record, number, email=f"{number}@example.org")
    assert len(record.former) == MAX_FORMER
    assert len(set(record.known)) == len(record.known) == MAX_KNOWN


def test_the_hashes_are_salted_with_the_candidate_id() -> None:
    record = ContactRecord(name="Ana", email="ana@example.org")
    one, other = (record.after(parse("update_contact", email="b@c.de"), START, salt) for salt in ("C-1", "C-2"))
    assert not set(one.known) & set(other.known)
    assert one.has_address("ana@example.org", "C-1")
    assert not one.has_address("ana@example.org", "C-2")


def test_the_candidacy_for_the_next_designation_knows_the_former_details_too() -> None:
    lower = Candidacy("CCMA", at=START)
    lower.say("update_contact", name="Ana Sol", email="sol@example.net")
    programme = lower.scheme.programme("CCOM")
    known = {"designation": "CCMA", "workflow_id": "certification:CCMA:C-1001", "known": lower.contact.known}
    register = Register(
        workflow_id="certification:CCOM:C-1001",
        enrolment="run-2",
        candidate_id="C-1001",
        designation="CCOM",
        programme=programme,
        purchase=Purchase(reference="INV-9"),
        advances_from=AdvancesFrom.model_validate(known),
    )
    higher = Journal.open(register, Contact(name="Ana Sol", email="sol@example.net"), START)
    higher.take(parse("submit_work_product", submission_id="W", uri="https://example.org/w", sha256=SHA), START)
    for reviewer in ("Ana Ruiz", "ana@example.org", "sol@example.net"):
        with pytest.raises(Refused, match="the reviewer"):
            higher.take(parse("review_work_product", submission_id="W", reviewer=reviewer, verdict="passed"), START)


def test_a_journal_of_an_older_build_is_read_and_a_strange_name_in_it_too() -> None:
    candidacy = Candidacy()
    events = [json.loads(EVENTS.dump_json(event)) for event in candidacy.events]  # type: ignore[arg-type]
    contact = {"name": "Ana\u200bRuiz", "email": "ana@example.org", "publish": False}
    state = candidacy.state.model_dump(mode="json")
    journal = Journal.model_validate({"contact": contact, "state": state, "events": events})
    assert journal.contact == ContactRecord(name="Ana\u200bRuiz", email="ana@example.org")
    journal.take(parse("update_contact", name="Ana Ruiz"), START + days(1))
    assert [former.name for former in journal.contact.former] == ["Ana\u200bRuiz"]
    assert Journal.read(journal.carried()).carried() == journal.carried()


def test_a_refused_message_keeps_no_former_name_either() -> None:
    candidacy = Candidacy()
    candidacy.say("update_contact", name="Ana Maria Sol")
    candidacy.signal("suspend", reason="Ana Ruiz, now Ana Maria Sol, asked", by="B. Oss")
    excerpt = candidacy.last(e.MessageRefused).excerpt
    assert "(name), now (name), asked" in excerpt
    assert SHA not in excerpt
