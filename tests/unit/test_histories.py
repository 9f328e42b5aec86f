"""What the trials read out of a history."""

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes

from trials.histories import Run, read_history


def failed_by(cause: str, message: str) -> Run:
    attributes = WorkflowTaskFailedEventAttributes(
        cause=WorkflowTaskFailedCause.Value(f"WORKFLOW_TASK_FAILED_CAUSE_{cause}"), failure=Failure(message=message)
    )
    event = HistoryEvent(
        event_id=4,
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        workflow_task_failed_event_attributes=attributes,
    )
    return read_history("run", [event])


def test_a_task_that_code_has_failed_is_named_with_its_message() -> None:
    run = failed_by("WORKFLOW_WORKER_UNHANDLED_FAILURE", "the journal cannot be read")
    [failed] = run.failed_tasks
    assert "UNHANDLED_FAILURE" in failed
    assert "the journal cannot be read" in failed
    assert run.begun_afresh == 0


@pytest.mark.parametrize("cause", ["UNHANDLED_COMMAND", "FORCE_CLOSE_COMMAND"])
def test_a_task_that_the_server_begins_afresh_has_not_been_failed_by_code(cause: str) -> None:
    """A busy machine brings these: a message comes in while a run is about to end."""
    run = failed_by(cause, "UnhandledCommand")
    assert (run.failed_tasks, run.begun_afresh) == ([], 1)
