"""What the worker gets, and what a workflow's sandbox is spared."""

import subprocess
import sys
from pathlib import Path

from temporalio import activity
from temporalio.client import Client

import activities
from activities import requests
from runtime.settings import ROOT
from tests.scheme import worker_settings
from tests.waiting import PATIENCE


async def test_every_activity_of_the_requests_is_built_and_no_other(client: Client, tmp_path: Path) -> None:
    built = activities.build(worker_settings(outbox=tmp_path), client)
    names = {definition.name for act in built if (definition := activity._Definition.from_callable(act))}
    assert names == {
        requests.LOAD_PROGRAMME,
        requests.SCORE_RESPONSES,
        requests.SEND_NOTICE,
        requests.RECORD_EVENTS,
        requests.OPEN_ADVANCEMENT,
        requests.SUPERSEDE_LOWER,
        requests.TELL_CANDIDACY,
    }
    assert len(built) == len(names)


def test_the_shapes_alone_load_neither_mail_nor_templates_nor_databases() -> None:
    code = "import activities.requests, sys; print(sorted({'jinja2', 'smtplib', 'sqlalchemy'} & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"
