"""What Temporal and the engine answer, as typed errors."""

from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client import answers
from client.candidacy import Candidacy
from client.errors import (
    ClientError,
    FieldError,
    InvalidFields,
    MisusedCall,
    NotFound,
    NoWorker,
    Refused,
    Unreachable,
)
from domain import decision
from domain.vocabulary import RefusalCode
from workflows.payloads import failure

ANA = Candidacy("C-1", "CCSL")


def test_a_refusal_has_its_code_and_its_reason_without_the_candidacy() -> None:
    error = answers.refusal(ApplicationError("the window is over", {"code": "window-ended"}, type="Refused"), ANA)
    assert isinstance(error, Refused)
    assert (error.code, error.reason) == ("window-ended", "the window is over")
    assert error.sentence == "C-1 for CCSL: refused, the window is over"


def test_the_code_stands_in_the_message_of_a_refusal_and_is_no_part_of_its_reason() -> None:
    sent = failure(decision.Refused(RefusalCode.NOT_HELD, "no result R-7 is held"))
    assert sent.message == "no result R-7 is held (code: not-held)"
    error = answers.refusal(sent, ANA)
    assert isinstance(error, Refused)
    assert (error.reason, error.code) == ("no result R-7 is held", "not-held")
    assert error.sentence == "C-1 for CCSL: refused, no result R-7 is held"


def test_a_refusal_of_a_newer_build_keeps_its_code() -> None:
    error = answers.refusal(ApplicationError("no", {"code": "of-a-newer-build"}, type="Refused"), ANA)
    assert isinstance(error, Refused)
    assert error.code == "of-a-newer-build"


def test_wrong_fields_are_named() -> None:
    problems = [{"field": "by", "problem": "is missing"}, {"field": "", "problem": "has no score"}]
    error = answers.refusal(ApplicationError("x", {"errors": problems}, type="InvalidMessage"), ANA)
    assert isinstance(error, InvalidFields)
    assert error.errors == (FieldError("by", "is missing"), FieldError("", "has no score"))
    assert error.notes == ("by: is missing", "message: has no score")
    assert error.sentence == "C-1 for CCSL does not take this message: it has these mistakes."


@pytest.mark.parametrize("cause", [ApplicationError("boom"), ValueError("boom")])
def test_any_other_failure_is_a_refusal_without_a_code(cause: BaseException) -> None:
    error = answers.refusal(cause, ANA)
    assert isinstance(error, Refused)
    assert error.code is None
    assert error.sentence == "C-1 for CCSL: failed on this message, boom"


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (RPCStatusCode.UNAVAILABLE, Unreachable, "stopped answering"),
        (RPCStatusCode.PERMISSION_DENIED, Unreachable, "TEMPORAL_API_KEY"),
        (RPCStatusCode.RESOURCE_EXHAUSTED, Unreachable, "overloaded"),
        (RPCStatusCode.INTERNAL, Unreachable, "INTERNAL"),
        (RPCStatusCode.INVALID_ARGUMENT, MisusedCall, "does not take this"),
    ],
)
def test_what_temporal_refuses_is_told_in_a_sentence(status: RPCStatusCode, kind: type[ClientError], told: str) -> None:
    with pytest.raises(kind, match=told), answers.explaining():
        raise RPCError("a\n  b", status, b"")


def test_an_unknown_search_attribute_comes_with_a_hint() -> None:
    for name, notes in (
        ("CertificationStatus", ("Are the search attributes registered? `./starter.py setup` does it.",)),
        ("CertficationStatus", ()),
    ):
        message = f"invalid query: column name '{name}' is not a valid search attribute"
        error = answers.explained(RPCError(message, RPCStatusCode.INVALID_ARGUMENT, b""))
        assert error.notes == notes, "a typing error in a query is no missing attribute"


async def test_nobody_of_that_id_is_not_found_by_every_question(client: Client) -> None:
    nobody = Candidacy("X-nobody", "CCSL")
    calls: tuple[Any, ...] = (
        nobody.describe(client),
        nobody.query(client, "status"),
        nobody.update(client, "withdraw", b'{"message_id": "m"}'),
    )
    for call in calls:
        with pytest.raises(NotFound, match="There is no candidacy of X-nobody for CCSL") as caught:
            await call
        assert caught.value.workflow_id == "certification:CCSL:X-nobody"


async def test_an_answer_is_waited_for_as_long_as_was_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def never() -> None:
        await asyncio.Event().wait()

    async def nobody_polls(_client: Client) -> bool:
        return False

    with pytest.raises(TimeoutError):
        await answers.patient(client, never(), 0.05)
    monkeypatch.setattr(answers, "_SOON", 0.05)
    monkeypatch.setattr(answers, "worker_polls", nobody_polls)
    with pytest.raises(NoWorker, match="No worker answers"):
        await answers.patient(client, never(), 10)
