"""Self-assessments: encouraged, free from the confirmed purchase on, and never a gate (rule 16)."""

from __future__ import annotations

from datetime import datetime

from domain.commands import RecordSelfAssessment
from domain.decision import Decision, Matter, Refused
from domain.digests import short_hash
from domain.events import SelfAssessmentRecorded
from domain.state import State
from domain.types import Score
from domain.vocabulary import RefusalCode

MAX_KNOWN = 100


def record_self_assessment(decision: Decision, command: RecordSelfAssessment) -> None:
    """Records a self-assessment, on either path. It never counts towards the certificate (rule 16, R14).

    The same score of the same domain and moment changes nothing, also after a newer one (R7). One without a moment is
    taken now, so that each is another one.

    Raises:
        Refused: the purchase is not confirmed yet.
    """
    state = decision.state
    if state.window is None:
        raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "self-assessments are free from the confirmed purchase on")
    score = Score(points=command.percentage)
    if command.taken_at is not None and _known(state, command.domain, command.taken_at, score):
        return
    decision.record(
        SelfAssessmentRecorded,
        domain=command.domain,
        score=score,
        taken_at=command.taken_at or decision.at,
        guidance=guidance(state, score),
    )


def _known(state: State, domain: str, taken_at: datetime, score: Score) -> bool:
    """Whether this very self-assessment was recorded. Of an older build, the state has the newest of each domain."""
    newest = (state.self_assessed_at.get(domain), state.self_assessments.get(domain))
    return newest == (taken_at, score) or _digest(domain, taken_at, score) in state.self_assessments_known


def _digest(domain: str, taken_at: datetime, score: Score) -> str:
    """A hash of the content of a self-assessment, the same for the message and for its event. Never changed."""
    return short_hash(f"{domain} {taken_at.isoformat()} {score.fraction}")


def guidance(state: State, score: Score) -> str:
    """The advice that a self-assessment gives the candidate (rule 16)."""
    return "strength" if score.reaches(state.passing_score) else "needs development"


def on_self_assessment(state: State, event: SelfAssessmentRecorded) -> State:
    """Remembers the self-assessment. The newest of its domain counts; of two of one moment, the one that came later."""
    digest = _digest(event.domain, event.taken_at, event.score)
    state = state.having(self_assessments_known=(*state.self_assessments_known, digest)[-MAX_KNOWN:])
    newest = state.self_assessed_at.get(event.domain)
    if newest is not None and newest > event.taken_at:
        return state
    return state.having(
        self_assessments={**state.self_assessments, event.domain: event.score},
        self_assessed_at={**state.self_assessed_at, event.domain: event.taken_at},
    )


MATTER = Matter(
    deciders={RecordSelfAssessment: record_self_assessment},
    folds={SelfAssessmentRecorded: on_self_assessment},
)
