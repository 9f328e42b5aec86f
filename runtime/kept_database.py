"""Whether `starter.py dev` may keep its data in a database, and go on with the candidacies in it.

Its worker is unversioned, so it replays every open run with its own code. If that code is another one than the code
that wrote the runs, their workflow tasks may fail, and it is better not to begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from runtime.builds import code_on_disk
from runtime.connection import TASK_QUEUE, WORKFLOW, CannotConnect
from runtime.files import hold, opener

if TYPE_CHECKING:
    from temporalio.client import Client

_OPEN = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running'"
_PINNED = f"{_OPEN} AND TemporalWorkflowVersioningBehavior = 'Pinned'"
_RPC = timedelta(seconds=10)


class OtherBuild(Exception):
    """The candidacies in the database belong to other code. The message is one sentence that says what to do."""


class NoDatabase(Exception):
    """There is no database under this name, and none can be made. The message is one sentence that says what to do."""


class InUse(Exception):
    """Another server keeps its data in this database. The message is one sentence that says what to do."""


_SQLITE = b"SQLite format 3\0"
"""How a SQLite file begins, unless it is empty."""


@contextmanager
def alone(db: Path) -> Iterator[None]:
    """Keeps other servers from this database for the length of the block: two of them would spoil each other's data.

    Makes the folder, and a file beside the database that is locked. The lock ends with this process, however it ends.

    Raises:
        NoDatabase: `db` is something else than a SQLite file, or its folder cannot be written.
        InUse: another process has the lock.
    """
    try:
        if db.exists() and not (db.is_file() and _is_sqlite(db)):
            raise NoDatabase(f"{db} is no SQLite database: name another file with --db.")
        db.parent.mkdir(parents=True, exist_ok=True)
        lock = open(db.with_name(f"{db.name}.lock"), "a", encoding="utf-8", opener=opener)  # noqa: SIM115 - closed below
    except OSError as error:
        raise NoDatabase(f"{db} cannot be used: {error.strerror}. Name another file with --db.") from error
    with lock:
        if not hold(lock.fileno()):
            raise InUse(f"Another server keeps its data in {db}: end it, or name another file with --db.")
        yield


def _is_sqlite(db: Path) -> bool:
    with db.open("rb") as file:
        return file.read(len(_SQLITE)) in (b"", _SQLITE)


def beside(db: Path) -> Path:
    """The file that holds the fingerprint of the code to which the open runs in the database `db` belong."""
    return db.with_name(f"{db.name}.build")


def claim_if_new(db: Path) -> None:
    """Call this before a server begins to keep its data in `db`: a database that is made now belongs to this code.

    Later it would be too late: a client may enrol somebody as soon as the server answers.
    """
    if not db.exists():
        db.parent.mkdir(parents=True, exist_ok=True)
        _keep(db, code_on_disk())


async def may_go_on(client: Client, db: Path, *, anyway: bool) -> None:
    """Raises `OtherBuild` if a worker of this code, without a build, should not go on with the candidacies in `db`.

    This code is that of the files as they are now, because the worker is a process that is started after this.
    Otherwise, and always if `anyway` is true, the runs in `db` count as this code's from now on. Raises `CannotConnect`
    if the server does not answer. `client` is one of the server that keeps its data in `db`.
    """
    code = code_on_disk()
    try:
        if not anyway:
            await _refuse_a_deployment(client, db)
            if _kept(db) != code:
                await _refuse_open_candidacies(client, db)
    except RPCError as error:
        raise CannotConnect(f"The candidacies in {db} cannot be counted: {error.message}.") from error
    _keep(db, code)


def _kept(db: Path) -> str | None:
    """The kept fingerprint; None if there is none, as beside a database of a time when none was kept."""
    try:
        return beside(db).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _keep(db: Path, code: str) -> None:
    with open(beside(db), "w", encoding="utf-8", opener=opener) as file:
        file.write(f"{code}\n")


async def _refuse_a_deployment(client: Client, db: Path) -> None:
    request = DescribeTaskQueueRequest(namespace=client.namespace, task_queue=TaskQueue(name=TASK_QUEUE))
    described = await client.workflow_service.describe_task_queue(request, retry=True, timeout=_RPC)
    current = described.versioning_info.current_deployment_version
    whose = f"the build {current.build_id} of the deployment {current.deployment_name}" if current.build_id else None
    if whose is None and (await client.count_workflows(_PINNED, rpc_timeout=_RPC)).count:
        whose = "a build of a deployment"
    if whose:
        raise OtherBuild(
            f"The candidacies in {db} belong to {whose}, and the worker of `dev`, which has no build, would get none of"
            " them: choose another file with --db, or add --anyway and start a worker of that build beside it."
        )


async def _refuse_open_candidacies(client: Client, db: Path) -> None:
    count = (await client.count_workflows(_OPEN, rpc_timeout=_RPC)).count
    if count:
        raise OtherBuild(
            f"{count} open {'candidacy' if count == 1 else 'candidacies'} in {db} belong{'s' if count == 1 else ''} to"
            " other code than this, whose workers may fail to replay them: go back to that code, choose another file"
            " with --db, or add --anyway if what has changed cannot concern them."
        )
