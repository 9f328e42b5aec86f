"""However much is sent, the state stays small."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain import events as e
from domain.commands import RefuseMessage
from domain.decision import Refused
from domain.state import State
from domain.types import Score
from domain.vocabulary import RefusalCode
from tests.properties.invariants import check
from tests.properties.random_steps import WHO
from tests.unit.domain.builders import DOMAINS, PEOPLE, SHA, START, Candidacy, parse

Flood = Callable[[int], tuple[str, dict[str, Any]]]
LIMIT = 256 * 1024
"""Bytes."""
FLOOD = 400
"""Messages: more than the highest bound in the state, which is that of 120 results, several times over."""


def size(candidacy: Candidacy) -> int:
    return len(candidacy.state.model_dump_json().encode())


def flooded(candidacy: Candidacy, make: Flood, numbers: range) -> Candidacy:
    for number in numbers:
        name, fields = make(number)
        try:
            candidacy.send(parse(name, **fields))
        except Refused:
            candidacy.send(
                RefuseMessage(
                    message=name,
                    code=RefusalCode.CLOSED,
                    reason="y" * 1000,
                    from_signal=True,
                    sha256="a" * 64,
                    excerpt="z" * 2048,
                )
            )
    return candidacy


def result(number: int, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A result with everything as long as it may be."""
    given = {"result_id": f"{number:064d}", "domain": PEOPLE, "taken_at": START, "source": "日" * 200}
    return "record_assessment_result", given | fields


FLOODS: dict[str, Flood] = {
    "results": lambda n: result(n, percentage=n % 101),
    "voided": lambda n: result(n, outcome="voided"),
    "revisions": lambda n: result(n % 2, percentage="50", revision=1 + n // 2),
    "conflicts": lambda n: result(n % 3, percentage="50." + str(n)),
    "contradictions": lambda n: result(n, percentage=90, passed=False),
    "unscored": lambda n: result(
        n, form="F" * 64, responses={f"question-{m:055d}": "0123456789abcdef" for m in range(300)}
    ),
    "self-assessments": lambda n: (
        "record_self_assessment",
        {"domain": DOMAINS[n % 4], "percentage": "50." + "1" * 20, "taken_at": START - timedelta(minutes=n)},
    ),
    "submissions": lambda n: (
        "submit_work_product",
        {"submission_id": f"{n:064d}", "uri": "urn:" + "y" * 990, "sha256": SHA},
    ),
    "experience": lambda n: ("record_experience", {"role": f"{n} " + "日" * 190, "started_on": "2020-01-01"}),
    "refused": lambda n: ("suspend", WHO),
}


@pytest.mark.parametrize("kind", sorted(FLOODS))
def test_under_a_flood_the_state_stays_small_and_stops_to_grow(kind: str) -> None:
    candidacy = flooded(Candidacy(at=START), FLOODS[kind], range(FLOOD))
    once = size(candidacy)
    assert once < LIMIT
    flooded(candidacy, FLOODS[kind], range(FLOOD, 2 * FLOOD))
    assert size(candidacy) < once + FLOOD, "each message of the second flood has left a byte"
    check(candidacy)
    assert State.model_validate_json(candidacy.state.model_dump_json()) == candidacy.state


def test_after_all_floods_together_the_state_is_small_and_still_decides() -> None:
    candidacy = Candidacy(at=START)
    for kind in ("voided", "contradictions", "unscored", "revisions", "self-assessments"):
        flooded(candidacy, FLOODS[kind], range(200))
    assert size(candidacy) < LIMIT
    assert candidacy.result(DOMAINS[3], 90) == ["AssessmentPassed"]


def test_a_result_keeps_its_answers_only_while_it_is_held() -> None:
    candidacy = Candidacy(at=START)
    candidacy.answer_key = Score(points=Decimal(90))
    name, fields = FLOODS["unscored"](1)
    candidacy.say(name, **fields)
    assert not candidacy.state.held
    assert candidacy.last(e.AssessmentPassed).result.responses is None
    assert all(facts.responses is None for facts in candidacy.state.results.values())
