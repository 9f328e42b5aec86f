"""Files of many rows for `import`, `results` and `message`: made, and read again with their outcomes."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.processes.engine import Engine
from tests.processes.messages import instant
from tests.waiting import eventually

CANDIDATE_COLUMNS = ("candidate_id", "name", "email", "designation", "purchase_reference", "purchased_at")
RESULT_COLUMNS = (
    *("candidate_id", "designation", "result_id", "revision", "domain", "taken_at", "outcome", "percentage"),
    "message_id",
)


def write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def candidates(path: Path, prefix: str, count: int, designation: str = "CCMA") -> Path:
    people = (f"{prefix}-{number}" for number in range(count))
    rows = [(one, "Ana Ruiz", f"{one}@example.org", designation, f"INV-{one}", instant(60)) for one in people]
    return write(path, CANDIDATE_COLUMNS, rows)


def outcomes(path: Path) -> list[str]:
    """The last cell of each line, the first line left out."""
    with path.open(newline="") as file:
        return [row[-1] for row in csv.reader(file)][1:]


def kinds(path: Path) -> Counter[str]:
    return Counter(outcome.partition(":")[0] for outcome in outcomes(path))


async def runs(certpath: Engine, prefix: str, count: int) -> Counter[str]:
    """How many runs there are of each workflow with this beginning, once so many workflows are seen."""

    async def seen() -> Counter[str] | None:
        query = f"CandidateId STARTS_WITH '{prefix}-'"
        found = Counter([execution.id async for execution in certpath.client.list_workflows(query)])
        return found if len(found) >= count else None

    return await eventually(seen) or Counter()


async def purchased(certpath: Engine, candidate: str, designation: str) -> dict[str, Any]:
    """The status of a candidate whose purchase came with the registration, as soon as the worker has taken that up."""

    async def found() -> dict[str, Any] | None:
        status: dict[str, Any] = await certpath.handle(candidate, designation).query("status")
        return status if status["purchased_at"] else None

    status = await eventually(found)
    assert status is not None
    return status
