"""On-the-job experience (rule 14)."""

from __future__ import annotations

from collections.abc import Iterator

from domain import calendar
from domain.commands import Experience, RecordExperience, RingAlarm
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import ExperienceMet, ExperienceRecorded
from domain.state import ExperienceClaim, State
from domain.vocabulary import AlarmKind, RefusalCode


def record_experience(decision: Decision, command: RecordExperience) -> None:
    """Records the experience (rule 14). The newest record counts, until the candidate is certified.

    Raises:
        Refused: the candidate is certified already.
    """
    if decision.state.certificate:
        raise Refused(RefusalCode.ALREADY_CERTIFIED, "the experience was decided with the certificate")
    claim_experience(decision, command)


def claim_experience(decision: Decision, experience: Experience) -> None:
    """Records experience from a message or from the registration; the same again records nothing.

    It counts from the day on which it has lasted the months that the scheme asks for, if it lasts that long (rule 14).
    """
    state = decision.state
    met_on = calendar.add_months(experience.started_on, state.programme.rules.experience.months)
    long_enough = experience.ended_on is None or calendar.add_days(experience.ended_on, 1) >= met_on
    recorded = state.experience
    claimed = (experience.role, experience.started_on, experience.ended_on, experience.attested_by)
    if recorded and (recorded.role, recorded.started_on, recorded.ended_on, recorded.attested_by) == claimed:
        return
    decision.record(
        ExperienceRecorded,
        role=experience.role,
        started_on=experience.started_on,
        ended_on=experience.ended_on,
        attested_by=experience.attested_by,
        met_on=met_on if long_enough else None,
        met_at=calendar.start_of(met_on, state.zone) if long_enough else None,
    )


def meet_experience(decision: Decision) -> None:
    """Records that the experience is met, once its day has come (rule 14)."""
    state = decision.state
    claim = state.experience
    if state.certificate or state.closed or claim is None or claim.met_at is None or claim.met_on is None:
        return
    if state.experience_met_on is None and claim.met_at <= decision.effective_at:
        decision.record(ExperienceMet, met_on=claim.met_on)


def alarms(state: State) -> Iterator[Alarm]:
    claim = state.experience
    if claim and claim.met_at and state.experience_met_on is None and not state.certificate:
        yield Alarm(at=claim.met_at, kind=AlarmKind.EXPERIENCE, border=False)


def ring_experience(decision: Decision, _command: RingAlarm) -> None:
    meet_experience(decision)


def on_experience_recorded(state: State, event: ExperienceRecorded) -> State:
    claim = ExperienceClaim(
        role=event.role,
        started_on=event.started_on,
        ended_on=event.ended_on,
        attested_by=event.attested_by,
        met_on=event.met_on,
        met_at=event.met_at,
    )
    still_met = event.met_on if event.met_on == state.experience_met_on else None
    return state.having(experience=claim, experience_met_on=still_met)


def on_experience_met(state: State, event: ExperienceMet) -> State:
    return state.having(experience_met_on=event.met_on)


MATTER = Matter(
    deciders={RecordExperience: record_experience},
    alarms=alarms,
    rings={AlarmKind.EXPERIENCE: ring_experience},
    folds={ExperienceRecorded: on_experience_recorded, ExperienceMet: on_experience_met},
)
