"""What an error of a client, or of the record, comes to on the command line: exit code, kind, document of `--json`."""

from typing import Any

from cli import exits
from client import errors
from record import errors as record_errors
from tests.cases import each

ID = "certification:CCSL:C-1"
CASES: list[tuple[errors.ClientError, int, str, dict[str, Any]]] = [
    (errors.BadInput("x"), 2, "bad-input", {}),
    (errors.MisusedCall("x"), 2, "bad-input", {}),
    (errors.UnknownValue("status", ["a"], ["b"]), 2, "bad-input", {}),
    (
        errors.InvalidFields("x", [errors.FieldError("by", "is missing")]),
        2,
        "bad-input",
        {"errors": [{"field": "by", "problem": "is missing"}]},
    ),
    (
        errors.WhichDesignation("C-1", [("CCMA", "superseded"), ("CCOM", "testing")]),
        2,
        "bad-input",
        {
            "candidacies": [
                {"designation": "CCMA", "status": "superseded"},
                {"designation": "CCOM", "status": "testing"},
            ]
        },
    ),
    (errors.NoDeployment(), 2, "bad-input", {}),
    (errors.WhichDeployment(["a", "b"]), 2, "bad-input", {}),
    (errors.NotJson("x", 1, 12), 2, "bad-input", {"line": 1, "column": 12}),
    (errors.NotJson("x"), 2, "bad-input", {}),
    (errors.Refused("x", code="window-ended"), 1, "refused", {"code": "window-ended"}),
    (errors.Refused("x"), 1, "refused", {}),
    (errors.FormatNotRead("x", reads=1, needed=2), 1, "refused", {"reads": 1, "needed": 2}),
    (errors.NotChanged("x"), 1, "failed", {}),
    (errors.NotFound("x", ID), 1, "not-found", {"workflow_id": ID}),
    (errors.NeverBegan("x", ID), 1, "not-found", {"workflow_id": ID}),
    (errors.Closed("x", ID, "withdrawn"), 1, "closed", {"workflow_id": ID, "status": "withdrawn"}),
    (errors.OpenedBefore("x", ID, "withdrawn"), 1, "closed", {"workflow_id": ID, "status": "withdrawn"}),
    (errors.StillClosing("x", ID, "withdrawn"), 1, "closed", {"workflow_id": ID, "status": "withdrawn"}),
    (errors.NoWorker("x"), 3, "no-worker", {}),
    (errors.NoWorkerOfBuild("C-1 for CCSL", "certpath:v1"), 3, "no-worker", {"build": "certpath:v1"}),
    (errors.Unreachable("x"), 3, "unreachable", {}),
    (errors.NotServed("x"), 3, "unreachable", {}),
    (errors.Unreadable("x"), 1, "failed", {}),
    (errors.OutcomeFileLost("x"), 1, "failed", {}),
]


@each(("error", "code", "kind", "facts"), CASES)
def test_every_error_has_its_exit_code_its_kind_and_its_facts(
    error: errors.ClientError, code: int, kind: str, facts: dict[str, Any]
) -> None:
    stop = exits.of(error)
    assert (stop.code, stop.kind) == (code, kind)
    assert stop.document == {"error": {"kind": kind, "message": error.sentence, **facts}}
    assert stop.notes == error.notes


def test_no_error_is_forgotten() -> None:
    def all_of(kind: type[errors.ClientError]) -> set[type[errors.ClientError]]:
        return {kind}.union(*(all_of(one) for one in kind.__subclasses__()))

    here = {kind for kind in all_of(errors.ClientError) if kind.__module__ == errors.__name__}
    assert {type(case[0]) for case in CASES} == here - {errors.ClientError}


def test_a_verb_may_add_notes_and_facts() -> None:
    stop = exits.of(errors.NoWorker("nobody"), ["try again"], message_id="m-1")
    assert isinstance(stop, exits.NoWorker)
    assert (stop.notes, stop.facts) == (("try again",), {"message_id": "m-1"})


# --- the record

RECORD_CASES: list[tuple[record_errors.RecordError, int, str]] = [
    (record_errors.WrongUrl("it is wrong."), 2, "bad-input"),
    (record_errors.BadHead("it is wrong"), 2, "bad-input"),
    (record_errors.BadKey("it is wrong"), 2, "bad-input"),
    (record_errors.UnknownRole("it is wrong"), 2, "bad-input"),
    (record_errors.BadOrder("it is wrong"), 2, "bad-input"),
    (record_errors.NotErasable("it is wrong"), 1, "refused"),
    (record_errors.ForgedHead("it is wrong"), 1, "failed"),
    (record_errors.Unavailable("it is wrong"), 3, "no-record"),
    (record_errors.TurnedAway("it is wrong", "no password supplied"), 3, "no-record"),
    (record_errors.Missing("it is wrong"), 3, "no-record"),
    (record_errors.OlderTables("it is wrong"), 3, "no-record"),
    (record_errors.NotAllowed("it is wrong"), 3, "no-record"),
    (record_errors.NewerTables("it is wrong"), 1, "failed"),
    (record_errors.Conflict("it is wrong"), 1, "failed"),
    (record_errors.Gap("It is wrong", 1, 3), 1, "failed"),
]


@each(("error", "code", "kind"), RECORD_CASES)
def test_every_error_of_the_record_has_its_exit_code_and_its_kind(
    error: record_errors.RecordError, code: int, kind: str
) -> None:
    stop = exits.of_record(error)
    assert (stop.code, stop.kind) == (code, kind)
    assert stop.sentence.startswith("It is wrong")
    assert stop.sentence.endswith(".")
    assert not stop.sentence.endswith("..")
    assert ("CERTPATH_RECORD_URL" in " ".join(stop.notes)) is (code == 3)


def test_no_error_of_the_record_is_forgotten() -> None:
    here = {kind for kind in vars(record_errors).values() if isinstance(kind, type)}
    assert {type(case[0]) for case in RECORD_CASES} == here - {record_errors.RecordError}
