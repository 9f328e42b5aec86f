"""Commands of the command line that ask the record of a test, in this process or as one of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, tzinfo
from typing import Any, Self
from unittest import mock

from sqlalchemy import Engine

from cli.main import Captured, captured
from runtime.settings import ROOT
from tests.waiting import PATIENCE


def address(engine: Engine) -> str:
    """The address of a record, with its password."""
    return engine.url.render_as_string(hide_password=False)


def starter(engine: Engine, *arguments: str, **settings: str) -> Captured:
    """Runs a command that finds this record, and no Temporal."""
    with mock.patch.dict("os.environ", _surroundings(engine, settings)):
        return captured(arguments)


def process(engine: Engine, *arguments: str, **settings: str) -> Captured:
    """The same, as a process of its own."""
    ended = subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), *arguments],
        env={**os.environ, **_surroundings(engine, settings)},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        text=True,
    )
    return Captured(ended.returncode, ended.stdout, ended.stderr)


def _surroundings(engine: Engine, settings: dict[str, str]) -> dict[str, str]:
    return {"CERTPATH_RECORD_URL": address(engine), "TEMPORAL_ADDRESS": "127.0.0.1:1", **settings}


def document(engine: Engine, *arguments: str) -> Any:
    """The one document that a command prints, which must end well."""
    ended = starter(engine, *arguments)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


@contextmanager
def today(now: datetime, *modules: str) -> Iterator[None]:
    """The clock of these modules stands at this instant."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(now.timestamp(), tz)

    with ExitStack() as stack:
        for module in modules:
            stack.enter_context(mock.patch(f"{module}.datetime", Clock))
        yield
