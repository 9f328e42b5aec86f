"""The public contract in code: every event, every message with exactly its fields, every status."""

import re
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import pytest
from builders import CIAC, PEOPLE, START
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain import events as e
from domain import rulebook
from domain.commands import MESSAGES, Registration
from domain.notices import TOLD, notice_of
from domain.scheme import Programme
from domain.types import Score
from domain.vocabulary import CLOSED, AlarmKind, Attention, AttentionKind, Status
from views.timeline import summary_of

M = TypeVar("M", bound=BaseModel)

CONTRACT_EVENTS = [
    "Registered",
    "PurchaseConfirmed",
    "SelfAssessmentRecorded",
    "AssessmentPassed",
    "AssessmentFailed",
    "NoShowRecorded",
    "ResultVoided",
    "ResultHeld",
    "ResultResolved",
    "ResultCorrected",
    "ResultRecorded",
    "ExperienceRecorded",
    "ExperienceMet",
    "WorkProductSubmitted",
    "WorkProductReturned",
    "WorkProductPassed",
    "WorkProductFailed",
    "ReminderDue",
    "DeadlineExtended",
    "TestingWindowClosed",
    "Certified",
    "RecertificationWindowOpened",
    "RecertificationSubmitted",
    "RecertificationReturned",
    "Recertified",
    "CertificateExpired",
    "CertificationLapsed",
    "Suspended",
    "Reinstated",
    "Revoked",
    "Withdrawn",
    "AdvancementRequested",
    "AdvancementRefused",
    "Superseded",
    "ContactUpdated",
    "NoticeUndeliverable",
    "MessageRefused",
    "AttentionRaised",
    "AttentionAcknowledged",
    "CandidacyClosed",
]
# The contract may be added to: the settlement of an assessment without attempts left (rule 10).
ADDED_EVENTS = {"SettlementStarted", "SettlementLifted"}

# Of each message the required fields, then the optional ones.
CONTRACT_MESSAGES = {
    "confirm_purchase": ("reference", "purchased_at"),
    "record_self_assessment": ("domain percentage", "taken_at"),
    "record_assessment_result": (
        "result_id domain taken_at",
        "revision source outcome percentage points out_of form responses passed",
    ),
    "resolve_held_result": ("result_id decision by reason", "revision"),
    "record_experience": ("role started_on", "ended_on attested_by"),
    "submit_work_product": ("submission_id uri sha256", "submitted_at"),
    "review_work_product": ("submission_id reviewer verdict", "percentage comments"),
    "submit_recertification": ("submission_id activities", "submitted_at"),
    "review_recertification": ("submission_id reviewer verdict", "comments"),
    "request_advancement": ("purchase", "experience"),
    "extend_deadline": ("until reason approved_by", ""),
    "suspend": ("reason by", ""),
    "reinstate": ("reason by", ""),
    "revoke": ("reason by", ""),
    "withdraw": ("", "reason"),
    "update_contact": ("", "name email publish"),
    "acknowledge": ("attention by", "note"),
    "supersede": ("by_workflow_id by_number at", ""),
}
CHOICES: dict[tuple[str, str], set[str]] = {
    ("record_assessment_result", "outcome"): {"scored", "no_show", "voided"},
    ("resolve_held_result", "decision"): {"accept", "reject"},
    ("review_work_product", "verdict"): {"passed", "revise", "failed"},
    ("review_recertification", "verdict"): {"approved", "returned"},
}
CONTRACT_STATUSES = [
    "awaiting_purchase",
    "testing",
    "settling",
    "awaiting_review",
    "awaiting_experience",
    "certified",
    "recertifying",
    "grace",
    "lapsed",
    "suspended",
    "abandoned",
    "timed_out",
    "refused",
    "withdrawn",
    "revoked",
    "superseded",
    "expired",
]

EVENT_CLASSES: dict[str, type[e.BaseEvent]] = {kind.__name__: kind for kind in get_args(get_args(e.Event)[0])}


# --- events ---


def test_every_event_of_the_contract_has_a_class() -> None:
    assert set(EVENT_CLASSES) == set(CONTRACT_EVENTS) | ADDED_EVENTS


def sample(annotation: Any, *, full: bool = True) -> Any:
    """Some value of this type; texts hold line breaks and other letters, as a reason of a person may."""
    if get_origin(annotation) is typing.Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (typing.Union, types.UnionType):
        options = get_args(annotation)
        if type(None) in options and not full:
            return None
        return sample(next(option for option in options if option is not type(None)), full=full)
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        return (sample(get_args(annotation)[0]),)
    if get_origin(annotation) is dict:
        return {sample(get_args(annotation)[0]): sample(get_args(annotation)[1])}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return next(iter(annotation))
    if annotation is Attention:
        return Attention(AttentionKind.HELD_RESULT, "R-1")
    if annotation is Score:
        return Score(points=Decimal(38), out_of=Decimal(51))
    if annotation is Programme:
        return CIAC.programme("CCSL")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return build(annotation, full=full)
    values: dict[Any, Any] = {
        str: "two\nlines\u2028\x1b[31m – Ünïcode 日本\t",
        int: 3,
        bool: True,
        date: date(2028, 2, 29),
        datetime: datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
        Decimal: Decimal("74.99999999999999999"),
    }
    return values[annotation]


def build(kind: type[M], *, full: bool) -> M:
    fields = {}
    for name, field in kind.model_fields.items():
        if full or field.is_required():
            fields[name] = sample(field.annotation, full=full)
    return kind(**fields)


@pytest.mark.parametrize("full", [True, False], ids=["all fields", "required fields"])
@pytest.mark.parametrize("name", sorted(EVENT_CLASSES))
def test_an_event_survives_its_journey_as_json(name: str, full: bool) -> None:
    event = build(EVENT_CLASSES[name], full=full)
    assert event.model_dump()["type"] == name
    again = e.EVENTS.validate_json(e.EVENTS.dump_json(event))  # type: ignore[arg-type]
    assert again == event
    assert type(again) is EVENT_CLASSES[name]
    assert e.EVENTS.validate_python(event.model_dump(mode="json")) == event


@pytest.mark.parametrize("full", [True, False], ids=["all fields", "required fields"])
@pytest.mark.parametrize("name", sorted(EVENT_CLASSES))
def test_the_summary_is_one_plain_english_line(name: str, full: bool) -> None:
    summary = summary_of(build(EVENT_CLASSES[name], full=full))
    assert summary.isprintable()
    assert summary == " ".join(summary.split())
    assert len(summary) > len("closed")
    assert summary != name
    assert not re.search(r"None|Decimal\(|datetime|\{|<", summary)


@pytest.mark.parametrize("name", sorted(EVENT_CLASSES))
def test_an_event_is_frozen_and_old_readers_ignore_new_fields(name: str) -> None:
    event = build(EVENT_CLASSES[name], full=True)
    with pytest.raises(ValueError, match="frozen"):
        event.sequence = 9  # type: ignore[misc]
    assert e.EVENTS.validate_python(event.model_dump(mode="json") | {"added_later": 1}) == event


def test_every_event_is_folded_or_known_to_change_nothing() -> None:
    silent = {"Registered", "Withdrawn", "Revoked"}
    folded = {kind.__name__ for kind in rulebook.FOLDS}
    assert folded | silent >= set(EVENT_CLASSES)


def test_every_notice_has_its_template() -> None:
    from pathlib import Path

    templates = Path(__file__).parents[2] / "activities" / "templates"
    assert not [notice_of(kind) for kind in TOLD if not (templates / f"{notice_of(kind)}.txt.j2").is_file()]


# --- messages ---


def required(fields: dict[str, FieldInfo]) -> set[str]:
    return {name for name, field in fields.items() if field.is_required()}


def test_every_message_of_the_contract_has_a_command_and_no_other_does() -> None:
    assert set(MESSAGES) == set(CONTRACT_MESSAGES)
    assert all(MESSAGES[name].message == name for name in MESSAGES)
    assert all(MESSAGES[name].about for name in MESSAGES)


@pytest.mark.parametrize("name", sorted(CONTRACT_MESSAGES))
def test_a_message_has_exactly_the_fields_of_the_contract(name: str) -> None:
    must, may = (set(fields.split()) for fields in CONTRACT_MESSAGES[name])
    fields = MESSAGES[name].model_fields
    assert required(fields) == must
    assert set(fields) == must | may | {"message_id"}


@pytest.mark.parametrize(("name", "field"), sorted(CHOICES))
def test_the_choices_of_a_field_are_those_of_the_contract(name: str, field: str) -> None:
    assert set(get_args(MESSAGES[name].model_fields[field].annotation)) == CHOICES[name, field]


def test_the_fields_of_nested_parts_are_those_of_the_contract() -> None:
    activity = get_args(MESSAGES["submit_recertification"].model_fields["activities"].annotation)[0]
    assert required(activity.model_fields) == {"title", "completed_on"}
    assert set(activity.model_fields) == {"title", "completed_on", "uri", "hours"}
    purchase = MESSAGES["request_advancement"].model_fields["purchase"].annotation
    assert isinstance(purchase, type)
    assert issubclass(purchase, BaseModel)
    assert required(purchase.model_fields) == {"reference"}
    assert set(purchase.model_fields) == {"reference", "purchased_at"}


def test_a_registration_has_exactly_the_fields_of_the_contract() -> None:
    assert required(Registration.model_fields) == {"candidate_id", "name", "email", "designation"}
    optional = {"purchase", "experience", "advances_from", "publish", "message_id"}
    assert set(Registration.model_fields) == required(Registration.model_fields) | optional


def test_every_message_has_a_decider() -> None:
    assert set(MESSAGES.values()) <= set(rulebook.DECIDERS)


def test_the_example_of_the_contract_is_a_registration() -> None:
    registration = Registration.model_validate(
        {
            "candidate_id": "C-1001",
            "name": "Ana Ruiz",
            "email": "ana@example.org",
            "designation": "CCSL",
            "purchase": {"reference": "INV-77", "purchased_at": "2026-11-22T15:00:00Z"},
            "experience": {"role": "Director, Customer Care", "started_on": "2024-03-01"},
        }
    )
    assert registration.purchase is not None
    assert registration.purchase.purchased_at == START
    assert PEOPLE in CIAC.domains


# --- statuses ---


def test_the_statuses_are_those_of_the_contract() -> None:
    assert list(Status) == CONTRACT_STATUSES
    assert list(CLOSED) == CONTRACT_STATUSES[-7:]


# --- the rulebook ---


def test_no_two_matters_decide_the_same() -> None:
    for table in ("deciders", "rings", "folds"):
        keys = [key for matter in rulebook.MATTERS for key in getattr(matter, table)]
        assert len(keys) == len(set(keys)), table


def test_every_alarm_has_what_it_leads_to() -> None:
    assert set(rulebook.RINGS) == set(AlarmKind)


def test_every_matter_stands_in_the_rulebook() -> None:
    folder = Path(rulebook.__file__).parent / "matters"
    modules = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert {id(import_module(f"domain.matters.{name}").MATTER) for name in modules} == {
        id(matter) for matter in rulebook.MATTERS
    }
