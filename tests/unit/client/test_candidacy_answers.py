"""What Temporal and the engine answer, as typed errors."""

import asyncio
from typing import Any, cast

import pytest
from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.api.workflow.v1 import WorkflowExecutionInfo, WorkflowExecutionVersioningInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client import answers, candidacy, rpc_errors
from client.candidacy import Candidacy
from client.errors import (
    ClientError,
    FieldError,
    InvalidFields,
    MisusedCall,
    NoWorker,
    NoWorkerOfBuild,
    Refused,
    Unreachable,
)
from domain import decision
from domain.vocabulary import RefusalCode
from runtime.search_attributes import CERTIFICATION_STATUS
from tests.cases import each
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


@each("cause", [ApplicationError("boom"), ValueError("boom")])
def test_any_other_failure_is_a_refusal_without_a_code(cause: BaseException) -> None:
    error = answers.refusal(cause, ANA)
    assert isinstance(error, Refused)
    assert error.code is None
    assert error.sentence == "C-1 for CCSL: failed on this message, boom"


@each(
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
    with pytest.raises(kind, match=told), rpc_errors.explaining():
        raise RPCError("a\n  b", status, b"")


def test_an_unknown_search_attribute_comes_with_a_hint() -> None:
    for name, notes in (
        ("CertificationStatus", ("Are the search attributes registered? `./starter.py setup` does it.",)),
        ("CertficationStatus", ()),
    ):
        message = f"invalid query: column name '{name}' is not a valid search attribute"
        error = rpc_errors.explained(RPCError(message, RPCStatusCode.INVALID_ARGUMENT, b""))
        assert error.notes == notes, "a typing error in a query is no missing attribute"


class Described:
    """A server that describes one workflow, kept on a build or not, open or closed; its workers poll for v2."""

    def __init__(self, behavior: str, build: str, *, closed: bool) -> None:
        version = WorkerDeploymentVersion(deployment_name="certpath", build_id=build)
        versioning = WorkflowExecutionVersioningInfo(
            behavior=VersioningBehavior.Value(f"VERSIONING_BEHAVIOR_{behavior}"), deployment_version=version
        )
        info = WorkflowExecutionInfo(versioning_info=versioning)
        self.raw_description = DescribeWorkflowExecutionResponse(workflow_execution_info=info)
        self.status = WorkflowExecutionStatus.COMPLETED if closed else WorkflowExecutionStatus.RUNNING
        self.typed_search_attributes = TypedSearchAttributes(
            [SearchAttributePair(CERTIFICATION_STATUS, "withdrawn" if closed else "testing")]
        )

    def get_workflow_handle(self, _workflow_id: str, run_id: str | None = None) -> "Described":
        return self

    async def describe(self) -> "Described":
        return self

    async def query(self, _name: str, args: Any) -> None:
        await asyncio.Event().wait()

    async def execute_update(self, _name: str, _payload: Any) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("described", "says"),
    [
        (Described("PINNED", "v1", closed=False), "runs on build v1, and no worker of v1 answers"),
        (Described("PINNED", "v1", closed=True), "closed as withdrawn on build v1, and no worker of v1 answers"),
        (Described("PINNED", "v2", closed=False), None),
        (Described("AUTO_UPGRADE", "v1", closed=False), None),
        (Described("UNSPECIFIED", "", closed=False), None),
    ],
)
async def test_silence_is_explained_by_the_build_that_has_no_worker(
    monkeypatch: pytest.MonkeyPatch, described: Described, says: str | None
) -> None:
    async def polling(_client: object) -> set[str | None]:
        return {"certpath:v2"}

    monkeypatch.setattr(answers, "polling", polling)
    monkeypatch.setattr(answers, "_SOON", 0.01)
    for seconds in ("_QUERY_SECONDS", "_UPDATE_SECONDS"):
        monkeypatch.setattr(candidacy, seconds, 0.1)
    asked: tuple[Any, ...] = (ANA.raw_answer(cast(Client, described), "status"),)
    if described.status is WorkflowExecutionStatus.RUNNING:
        asked = (*asked, ANA.update(cast(Client, described), "withdraw", b"{}"))
    for call in asked:
        with pytest.raises(NoWorker) as caught:
            await call
        if says is None:
            assert not isinstance(caught.value, NoWorkerOfBuild)
            continue
        assert isinstance(caught.value, NoWorkerOfBuild)
        assert says in caught.value.sentence
        assert caught.value.build == "certpath:v1"
