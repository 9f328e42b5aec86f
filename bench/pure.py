"""How fast the domain decides, without a server."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from activities.programme import read_scheme
from bench import journey
from domain import rulebook
from domain.commands import Command, Register, Registration
from domain.messages import parse, parse_message
from domain.state import State
from runtime.settings import Settings


def decisions_per_second(seconds: float = 1.0, rounds: int = 5) -> float:
    """How many commands of a CCSL journey are decided and folded in a second: the median of all rounds."""
    now = datetime.now(UTC)
    commands = _commands(now)

    def one_journey() -> None:
        state: State | None = None
        for command in commands:
            steps = rulebook.decide(state, command, now)
            state = steps[-1].state if steps else state
        if state is None or state.certificate is None:
            raise AssertionError("the journey does not lead to a certificate")

    return statistics.median(_rate(one_journey, seconds / rounds) for _ in range(rounds)) * len(commands)


def _rate(work: Callable[[], None], seconds: float) -> float:
    begun = time.process_time()
    done = 0
    while time.process_time() - begun < seconds:
        work()
        done += 1
    return done / (time.process_time() - begun)


def _commands(now: datetime) -> list[Command]:
    registration = parse(Registration, "registration", journey.registration("pure", now))
    register = Register(
        workflow_id="certification:CCSL:pure",
        enrolment="pure",
        candidate_id=registration.candidate_id,
        designation=registration.designation,
        programme=read_scheme(Settings().scheme).programme("CCSL"),
        purchase=registration.purchase,
        experience=registration.experience,
    )
    return [register, *(_command(name, payload) for name, payload in journey.messages("pure", now))]


def _command(name: str, payload: dict[str, Any]) -> Command:
    return parse_message(name, json.dumps(payload).encode())
