"""A message whose answer is lost: the command names the message id, so that the same message can be sent again."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from cli import exits, sending
from client.candidacy import Candidacy
from client.errors import ClientError, NoWorker, Unreachable
from runtime import interrupts
from runtime.settings import ROOT
from tests.cases import each

ANA = Candidacy("C-1", "CCSL")
PAYLOAD = b'{"message_id": "m-7"}'
AGAIN = "To send it again and have it count once, add --message-id m-7."
INTERRUPTED = """
import asyncio, os, signal
from cli import sending
from client.candidacy import Candidacy
from runtime import interrupts

async def update(*_):
    os.kill(os.getpid(), signal.SIGINT)

sending.connected = lambda work: asyncio.run(work(None))
Candidacy.update = update
interrupts.end_at_once()
sending.send(Candidacy("C-1", "CCSL"), "withdraw", b'{"message_id": "m-7"}', as_json=True, again="add --message-id {}")
"""
"""A process that gets Ctrl-C while it waits for the answer."""


@each("error", [NoWorker("Nobody answers."), Unreachable("Temporal stopped answering: try again.")])
def test_whoever_lost_the_answer_is_told_the_message_id(error: ClientError, monkeypatch: pytest.MonkeyPatch) -> None:
    async def update(*_: object) -> dict[str, Any]:
        raise error

    def connected(work: Callable[[Any], Awaitable[int]]) -> int:
        code: int = asyncio.run(cast(Any, work(None)))
        return code

    monkeypatch.setattr(sending, "connected", connected)
    monkeypatch.setattr(Candidacy, "update", update)
    with pytest.raises(exits.Stop) as caught:
        sending.send(ANA, "withdraw", PAYLOAD, as_json=True, again="add --message-id {}")
    assert caught.value.code == exits.UNREACHABLE
    assert caught.value.document["error"]["message_id"] == "m-7"
    assert AGAIN in caught.value.notes[-1]
    assert not interrupts._further, "nothing waits for an answer any more"


def test_whoever_interrupts_it_is_told_the_message_id() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == exits.INTERRUPTED
    assert done.stderr.startswith("Interrupted.\n")
    assert AGAIN in done.stderr
