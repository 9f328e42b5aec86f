"""Self-assessments: encouraged, free from the confirmed purchase on, and never a gate (rule 16)."""

from __future__ import annotations

from domain.commands import RecordSelfAssessment
from domain.decision import Decision, Matter, Refused
from domain.events import SelfAssessmentRecorded
from domain.state import State
from domain.types import Score
from domain.vocabulary import RefusalCode


def record_self_assessment(decision: Decision, command: RecordSelfAssessment) -> None:
    """Records a self-assessment, on either path. It never counts towards the certificate (rule 16, R14).

    Raises:
        Refused: the purchase is not confirmed yet.
    """
    state = decision.state
    if state.window is None:
        raise Refused(RefusalCode.PURCHASE_NOT_CONFIRMED, "self-assessments are free from the confirmed purchase on")
    score = Score(points=command.percentage)
    if command.taken_at is not None and state.self_assessed_at.get(command.domain) == command.taken_at:
        if state.self_assessments.get(command.domain) == score:
            return
    decision.record(
        SelfAssessmentRecorded,
        domain=command.domain,
        score=score,
        taken_at=command.taken_at or decision.at,
        guidance=guidance(state, score),
    )


def guidance(state: State, score: Score) -> str:
    """The advice that a self-assessment gives the candidate (rule 16)."""
    return "strength" if score.reaches(state.programme.passing_score) else "needs development"


def on_self_assessment(state: State, event: SelfAssessmentRecorded) -> State:
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
