"""When a run may be ahead of its history: which activations of a run lead to a query after which it is forgotten.

tests/workflows/test_early_queries.py brings it about on a real server.
"""

from temporalio.bridge.proto.workflow_activation import WorkflowActivation

from runtime.early_queries import Watch
from tests.cases import each


def task(time: int) -> WorkflowActivation:
    """The run takes in something new. The newest workflow task began at this second."""
    activation = WorkflowActivation(run_id="run")
    activation.timestamp.FromSeconds(time)
    activation.jobs.add().signal_workflow.signal_name = "withdraw"
    return activation


def replay(time: int) -> WorkflowActivation:
    """The run takes in what it has taken in before, in this worker or in another one."""
    activation = task(time)
    activation.is_replaying = True
    return activation


def query(time: int, query_id: str = "legacy_query") -> WorkflowActivation:
    """A query that came by itself, unless it has an id of its own. The SDK always says of one that it is a replay."""
    activation = WorkflowActivation(run_id="run", is_replaying=True)
    activation.timestamp.FromSeconds(time)
    activation.jobs.add().query_workflow.query_id = query_id
    return activation


@each(
    ("why", "activations", "ahead"),
    [
        ("it has always been in memory", [task(1), task(2), query(2)], False),
        ("the history had nothing new", [replay(1), replay(2), query(2)], False),
        ("the history had the answer of a task that waited", [replay(1), replay(2), task(2), query(2)], True),
        ("the history had a task that had begun elsewhere", [replay(1), task(2), query(2)], True),
        ("in memory, and the query brought something new", [task(1), task(1), query(1)], True),
        ("in memory for long, but the history was newer", [task(1), replay(2), task(2), query(2)], True),
        ("something new came after an earlier query", [replay(1), query(1), task(2), query(2)], False),
        ("a later task has shown that the first was real", [replay(1), task(2), task(3), query(3)], False),
        ("the query came with a task", [replay(1), task(2), query(2, "its own id")], False),
        ("nothing new since the query after which it was forgotten", [task(1), task(1), query(1), query(1)], False),
    ],
)
def test_a_run_that_may_be_ahead_is_known_at_the_query(
    why: str, activations: list[WorkflowActivation], ahead: bool
) -> None:
    watch = Watch()
    assert [watch.may_be_ahead(activation) for activation in activations][-1] is ahead


def test_a_run_is_forgotten_at_a_query_alone() -> None:
    watch = Watch()
    activations = [task(1), task(1), query(1, "its own id"), task(2), task(2), query(2)]
    assert [watch.may_be_ahead(one) for one in activations] == [False] * 5 + [True]
