"""A real PostgreSQL for tests: the one that the environment names, one of this machine's, or one in a container.

This machine's own programs come before the container: they start within a second, are reached by no port, and end with
the run that started them, also if that is killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from runtime.settings import ROOT
from tests.waiting import PATIENCE
from trials import postgresql
from trials.postgresql import OPTIONS, NoPostgresql, Server

GIVEN = "CERTPATH_TEST_POSTGRESQL"
"""The variable with the address of a server on which the tests may make databases."""

_LIFETIME = "2h"
"""A container ends after so long where the run that started it was killed."""

_FOLDER = "certpath-pg-{}-"
"""How the folder of a server begins, with the id of the process that started it."""

_FILE_COPY_SINCE = (15,)
"""Since this version, PostgreSQL copies a small database through its log unless it is told to copy the files."""


@contextmanager
def server() -> Iterator[str]:
    """The address of a server, for the length of the block.

    Raises:
        NoPostgresql: none is named, and none can be started here.
    """
    if given := os.environ.get(GIVEN):
        yield given
        return
    try:
        programs = postgresql.programs()
    except NoPostgresql as missing:
        yield from _contained(missing)
        return
    user = postgresql.user()
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER.format(os.getpid())))
    server = Server(folder, programs, user)
    try:
        if user:
            shutil.chown(folder, user)
        server.make()
        server.start()
        server.wait_until_it_answers()
        yield server.address
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(address: str, *, copied: bool = False) -> Iterator[str]:
    """The address of a new database on this server, which is dropped again at the end of the block.

    `copied`: the new one is a copy of the database that the address names.
    """
    name = f"certpath_test_{uuid4().hex[:12]}"
    parsed = make_url(address)
    engine = create_engine(parsed.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            version = connection.dialect.server_version_info or ()
            strategy = " STRATEGY FILE_COPY" if version >= _FILE_COPY_SINCE else ""
            template = f" TEMPLATE {parsed.database}" if copied else ""
            connection.execute(text(f"CREATE DATABASE {name}{template}{strategy}"))
        yield parsed.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@contextmanager
def without_triggers(connection: Connection, *tables: str) -> Iterator[None]:
    """The triggers of these tables are off for the length of the block, which lies in one transaction."""
    for table in tables:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    yield
    for table in tables:
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))


def _wait_until_it_answers(address: URL, has_ended: Callable[[], bool], log: Callable[[], str]) -> None:
    engine = create_engine(address)
    given_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            engine.connect().close()
        except OperationalError as error:
            if has_ended() or time.monotonic() > given_up_at:
                raise RuntimeError(f"PostgreSQL did not start: {log()}") from error
            time.sleep(0.05)
        else:
            break
    engine.dispose()


def _sweep() -> None:
    """Removes what runs of the tests have left that were killed; their servers have ended with them."""
    place = Path(tempfile.gettempdir())
    for folder in place.glob(_FOLDER.format("*") + "*"):
        owner = folder.name.removeprefix(_FOLDER.partition("{")[0]).partition("-")[0]
        if owner.isdecimal() and not _runs(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _contained(nowhere_else: NoPostgresql) -> Iterator[str]:
    """The address of a server in a container, if the image of docker-compose.yml is here."""
    version = next(line for line in (ROOT / ".env").read_text().splitlines() if line.startswith("POSTGRES_VERSION="))
    image = f"postgres:{version.partition('=')[2]}"
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode
    ):
        raise NoPostgresql(
            f"{nowhere_else}, {GIVEN} names no server, nor is there a Docker engine with the image {image}"
        )
    # The container that removes forgotten ones would listen to everybody. So this one ends by itself, one day.
    testcontainers_config.ryuk_disabled = True
    options = (f"-c {name}={value}" for name, value in OPTIONS.items() if name != "listen_addresses")
    container = DockerContainer(image, entrypoint=["timeout", _LIFETIME, "docker-entrypoint.sh"])
    container.with_env("POSTGRES_USER", "certpath").with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    container.with_command(f"postgres {' '.join(options)}").with_tmpfs_mount("/var/lib/postgresql/data")
    # Any free port, and for this machine alone: the engine takes this form, which the library's types do not know.
    container.ports["5432/tcp"] = ("127.0.0.1", None)  # type: ignore[assignment]
    with container:
        address = f"postgresql://certpath@127.0.0.1:{container.get_exposed_port(5432)}/postgres"
        _wait_until_it_answers(
            make_url(address),
            lambda: container.get_wrapped_container().status == "exited",
            lambda: "\n".join(log.decode() for log in container.get_logs()),
        )
        yield address
