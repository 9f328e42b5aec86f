"""A real PostgreSQL for tests: the one that the environment names, or one of this machine's in a temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

GIVEN = "CERTPATH_TEST_POSTGRESQL"
"""The variable with the address of a server on which the tests may make databases."""

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


class Missing(Exception):
    """There is no PostgreSQL here. The message says what is missing."""


@contextmanager
def server() -> Iterator[str]:
    """The address of a server, for the length of the block.

    Raises:
        Missing: none is named, and none can be started here.
    """
    if given := os.environ.get(GIVEN):
        yield given
        return
    programs = _programs()
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="certpath-pg-"))
    try:
        if user:
            shutil.chown(folder, user)
        yield from _running(programs, folder, user)
    finally:
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
            connection.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {parsed.database}" if copied else "")))
        yield parsed.set(database=name).render_as_string(hide_password=False)
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


def _running(programs: Path, folder: Path, user: str | None) -> Iterator[str]:
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        done = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}: {done.stdout}{done.stderr}")

    run("initdb", "--pgdata", str(data), "--username", "certpath", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
    # It is reached by a socket in the folder and by no port. Nothing of it must outlive the tests, so it need not sync.
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "start", "--pgdata", str(data), "--wait", "--log", str(folder / "log"), "--options", options)
    try:
        yield f"postgresql://certpath@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "--pgdata", str(data), "--mode", "immediate", "--wait")


def _programs() -> Path:
    found = [
        path for place in _PLACES for path in sorted(Path("/").glob(place.lstrip("/"))) if (path / "initdb").exists()
    ]
    if found:
        return found[-1]
    if program := shutil.which("initdb"):
        return Path(program).parent
    raise Missing(f"PostgreSQL is not installed here (there is no initdb), and {GIVEN} names no server")


def _user() -> str | None:
    """The user who runs the server: PostgreSQL refuses to run as root. None for the user of the tests."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        if subprocess.run(["id", name], capture_output=True, check=False).returncode == 0:
            return name
    raise Missing("the tests run as root, with which PostgreSQL does not run, and there is no user postgres or nobody")
