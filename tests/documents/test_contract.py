"""docs/contract.md against the code: names, limits, receipts, errors, codes, statuses and attention.

Every list is read from the document; only where the code has the same list is written here. The messages stand in
test_contract_messages.py, the queries and the events in test_contract_answers.py, and what people who run Certpath read
in test_contract_operations.py.
"""

import re
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

from activities.programme import read_scheme
from domain.commands import MAX_EVIDENCE, MESSAGES, Registration
from domain.decision import Refused
from domain.identity import workflow_id_of
from domain.messages import CLOCK_SKEW, MAX_BYTES, InvalidMessage, Problem
from domain.vocabulary import CLOSED, Attention, AttentionKind, HoldReason, RefusalCode, Status
from runtime import connection, search_attributes
from runtime.settings import ROOT
from tests.documents.contract import (
    DOCUMENT,
    TEXT,
    Fields,
    agree,
    column,
    differences,
    examples,
    field_differences,
    names,
    objects,
    order,
    says,
    section,
    table,
)
from views import words
from workflows import CertificationWorkflow, journal, payloads, publishing

VOCABULARY = "domain/vocabulary.py"
COMMANDS = "domain/commands/"
SCHEME = read_scheme(ROOT / "schemes/ciac.toml")
DEFINITION = workflow._Definition.must_from_class(CertificationWorkflow)


def shape(value: Any) -> Any:
    """The names in a JSON value, and which of them hold lists and objects; not what they hold."""
    if isinstance(value, dict):
        return {name: shape(inside) for name, inside in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else None


# --- names and limits


def test_the_names_of_the_workflow() -> None:
    named = {row["what"]: names(row["value"]) for row in table("Names", "what")}
    form, example = named["workflow id"]
    candidate = {"designation": "CCSL", "candidate_id": "C-1001"}
    agree(
        differences("the workflow type", named["workflow type"], [str(DEFINITION.name)], "workflows/certification.py"),
        differences("the workflow type", named["workflow type"], [connection.WORKFLOW], "runtime/connection.py"),
        differences("the task queue", named["task queue"], [connection.TASK_QUEUE], "runtime/connection.py"),
        *(
            differences("the workflow id", [one], [workflow_id_of(**candidate)], "domain/identity.py")
            for one in (form.format(**candidate), example)
        ),
        order("the designation", named["designations"], SCHEME.designations, "schemes/ciac.toml"),
        order("the domain", named["domains"], SCHEME.domains, "schemes/ciac.toml"),
    )


def test_the_characters_of_a_candidate_id() -> None:
    (row,) = (row for row in table("Names", "what") if row["what"] == "candidate id")
    pattern = Registration.model_json_schema()["properties"]["candidate_id"]["pattern"]
    agree(differences("the form of a candidate id", names(row["value"]), [pattern.strip("^$")], "domain/types.py"))


def test_the_search_attributes_and_their_types() -> None:
    rows = table("Names", "search attribute")
    named = [f"{names(row['search attribute'])[0]}: {row['type']}" for row in rows]
    there = [f"{key.name}: {search_attributes.type_name(key)}" for key in search_attributes.ALL]
    agree(order("the search attribute", named, there, "runtime/search_attributes.py"))


def test_the_encoding_of_payloads() -> None:
    (encoding,) = re.findall(r"Payloads are plain JSON \(`([^`]+)`\)", section("Names"))
    payload = Payload(metadata={"encoding": encoding.encode()}, data=b"{}")
    assert payloads.payload_bytes("any", [RawValue(payload)]) == b"{}"


def test_the_limits() -> None:
    assert CLOCK_SKEW.total_seconds() == 24 * 60 * 60, f"{DOCUMENT} says “more than a day in the future”"
    agree(
        says("an instant that lies more than a day in the future", "domain/messages.py"),
        says(f"A message is at most {MAX_BYTES // 1024} KB", "domain/messages.py"),
        says(f"There are {MAX_EVIDENCE} `activities` at most", COMMANDS),
        says(f"The newest {journal.REMEMBERED_MESSAGES} are remembered", "workflows/journal.py"),
        says(f"at least the newest {journal.CARRIED_EVENTS} events", "workflows/journal.py"),
        says(f"up to {publishing.PUBLISHED_ATTENTION} of the", "workflows/publishing.py"),
    )


# --- receipts, errors, codes


def test_the_fields_of_a_receipt() -> None:
    named = Fields.named_in(", ".join(row["field"] for row in table("Receipt and errors of an update", "field")))
    fact = {"digest": "d", "status": Status.TESTING, "events": ["AssessmentPassed"], "sequence": 5}
    plain = journal.Remembered.model_validate(fact)
    whole = journal.Remembered.model_validate({**fact, "superseded_at": "2026-11-22T15:00:00Z"})
    journal_of: Any = journal.Journal.model_construct  # nothing but the ledger is looked at
    answered = journal_of(ledger={"m": whole}).receipts(["m"])["m"]
    required = plain.receipt(duplicate=False)
    where = "workflows/journal.py"
    (example,) = examples("Receipt and errors of an update")
    agree(
        field_differences("a receipt", named, Fields({name: name in required for name in answered}), where),
        differences("the field", example, required, where, of="of the example of a receipt"),
    )
    assert example == required


def test_the_errors_of_an_update_and_their_details() -> None:
    rows = {names(row["error type"])[0]: row for row in table("Receipt and errors of an update", "error type")}
    failures = [
        payloads.failure(InvalidMessage("any", [Problem(field="domain", problem="is required")])),
        payloads.failure(Refused(RefusalCode.CLOSED, "the candidacy is closed")),
    ]
    agree(differences("the error type", rows, [str(one.type) for one in failures], "workflows/payloads.py"))
    details = [(one.type, objects(rows[str(one.type)]["details"])[0], one.details[0]) for one in failures]
    agree(
        f"{DOCUMENT} gives `{kind}` the details {named}; workflows/payloads.py gives {given}."
        for kind, named, given in details
        if shape(named) != shape(given)
    )


def test_the_reasons_for_a_hold() -> None:
    agree(order("the reason for a hold", column("Held results", "reason"), HoldReason, VOCABULARY))


def test_the_refusal_codes() -> None:
    named, on_the_timeline = column("Refusal codes", "code"), column("Refusal codes", "code on the timeline")
    agree(
        order("the refusal code", named, sorted(set(RefusalCode) - set(on_the_timeline)), VOCABULARY),
        differences("the refusal code", [*named, *on_the_timeline], RefusalCode, VOCABULARY),
    )


def test_every_refusal_code_is_given_somewhere() -> None:
    code = "".join(file.read_text() for room in ("domain", "workflows") for file in (ROOT / room).rglob("*.py"))
    assert not [one.name for one in RefusalCode if f"RefusalCode.{one.name}" not in code]


# --- statuses and attention


def test_the_statuses_in_their_order() -> None:
    rows = table("Statuses", "status")
    closed = [names(row["status"])[0] for row in rows if row["means"].startswith("closed")]
    uncertified = [names(row["status"])[0] for row in rows if row["means"].startswith("**not certified**")]
    there = [status for status in Status if words.about_status(status).means.startswith("not certified")]
    agree(
        order("the status", column("Statuses", "status"), Status, VOCABULARY),
        order("the closed status", closed, CLOSED, VOCABULARY),
        order("the uncertified status", uncertified, there, "views/words.py"),
    )


def test_the_attention_values() -> None:
    rows = table("Attention", "value")
    kinds = [value.partition(":")[0] for value in column("Attention", "value")]
    sent = dict.fromkeys(name for row in rows for name in names(row["what to do"]))
    agree(
        order("the attention value", kinds, AttentionKind, VOCABULARY),
        (f"{DOCUMENT} says to send `{name}`; {COMMANDS} has no such message." for name in sent if name not in MESSAGES),
    )
    with_subject = [value for value in map(Attention.parse, column("Attention", "value")) if value.subject]
    assert [value.kind for value in with_subject] == [AttentionKind.HELD_RESULT]


# --- what the contract says in prose


OF_OTHERS = {"temporal", "null"}
"""Names in the contract that are not ours: a program and a word of JSON."""


def test_every_name_in_a_sentence_is_named_in_a_table_or_an_example_too() -> None:
    lines = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL).splitlines()
    prose = [name for line in lines if not line.startswith("|") for name in names(line) if is_name(name)]
    listed = [word for line in lines if line.startswith("|") for name in names(line) for word in name.split()]
    (common,) = re.findall(r"Every payload may carry `(\w+)`", TEXT)  # held by the test of the messages
    known = {*listed, *re.findall(r'"(\w+)"', TEXT), common, *OF_OTHERS}
    agree(
        f"{DOCUMENT} writes of `{name}`; none of its tables and examples has it."
        for name in dict.fromkeys(prose)
        if name not in known
    )


def is_name(text: str) -> bool:
    """Whether a text between backticks is a name as the contract has them, and no file, command or JSON."""
    return bool(re.fullmatch(r"[a-z]+([_-][a-z]+)*|([A-Z][a-z]+)+", text))
