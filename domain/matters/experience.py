"""On-the-job experience (rule 14, R8): records stand side by side, and one of them must meet the requirement."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime

from domain import calendar, repeats, requirements
from domain.commands import Experience, RecordExperience, RingAlarm
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import ExperienceMet, ExperienceRecorded
from domain.state import ExperienceClaim, State
from domain.texts import folded, without_addresses
from domain.vocabulary import AlarmKind, RefusalCode

MAX_RECORDS = 20
MAX_KNOWN = 100
_HASH_LENGTH = 20


def record_experience(decision: Decision, command: RecordExperience) -> None:
    """Records the experience (rule 14). A record that was taken before changes nothing, also for a holder (R7).

    Raises:
        Refused: the candidate is certified already.
    """
    state = decision.state
    if state.certificate and not _known(state, command):
        raise Refused(
            RefusalCode.ALREADY_CERTIFIED,
            f"the experience was decided with the certificate{_difference(state, command)}",
        )
    claim_experience(decision, command)


def claim_experience(decision: Decision, experience: Experience) -> None:
    """Records experience from a message or from the registration; the same again records nothing (R7, R16).

    It counts from the day on which it has lasted the months that the scheme asks for, if it lasts that long (rule 14).
    The records are never summed (R8).
    """
    state = decision.state
    if _known(state, experience):
        return
    met_on = calendar.add_months(experience.started_on, state.programme.rules.experience.months)
    long_enough = experience.ended_on is None or calendar.add_days(experience.ended_on, 1) >= met_on
    twin = _twin(state, experience)
    decision.record(
        ExperienceRecorded,
        role=experience.role,
        started_on=experience.started_on,
        ended_on=experience.ended_on,
        attested_by=experience.attested_by,
        met_on=met_on if long_enough else None,
        met_at=calendar.start_of(met_on, state.zone) if long_enough else None,
        differs_in=_differing(twin, experience) if twin else (),
    )


def _known(state: State, experience: Experience) -> bool:
    """Whether this very experience was recorded, also where another record has replaced it since (R7)."""
    standing = any(not _differing(claim, experience) for claim in state.experience if _same_role(claim, experience))
    return standing or _digest(experience) in state.experience_known


def _digest(experience: Experience | ExperienceRecorded) -> str:
    """A hash of the content of a record, the same for the message and for its event."""
    texts = [folded(without_addresses(text or "")) for text in (experience.role, experience.attested_by)]
    content = f"{texts} {experience.started_on} {experience.ended_on}"
    return hashlib.sha256(content.encode()).hexdigest()[:_HASH_LENGTH]


def _twin(state: State, experience: Experience) -> ExperienceClaim | None:
    """The newest record of the same role and start; None if there is none."""
    return next((claim for claim in reversed(state.experience) if _same_role(claim, experience)), None)


def _same_role(claim: ExperienceClaim, experience: Experience | ExperienceRecorded) -> bool:
    return claim.started_on == experience.started_on and repeats.same_text(claim.role, experience.role)


def _differing(claim: ExperienceClaim, experience: Experience) -> tuple[str, ...]:
    """The fields in which a record of the same role and start differs."""
    attested = repeats.same_text(claim.attested_by or "", experience.attested_by or "")
    ended = claim.ended_on == experience.ended_on
    return tuple(field for field, same in (("ended_on", ended), ("attested_by", attested)) if not same)


def _difference(state: State, experience: Experience) -> str:
    """What differs from the record of the same role and start, as a part of a sentence; empty if there is none."""
    twin = _twin(state, experience)
    return (
        f"; the record of this role and start has another {repeats.listed(_differing(twin, experience))}"
        if twin
        else ""
    )


def meet_experience(decision: Decision) -> None:
    """Records that the experience is met, once the day of one record has come (rule 14, R8).

    A record that was met too late for the testing window gives way to an earlier one.
    """
    state = decision.state
    if state.certificate or state.closed:
        return
    met = [claim.met_on for claim in state.experience if claim.met_on and _has_come(claim, decision.effective_at)]
    if met and (state.experience_met_on is None or (_too_late(state) and min(met) < state.experience_met_on)):
        decision.record(ExperienceMet, met_on=min(met))


def completed_at(state: State, at: datetime) -> datetime | None:
    """The instant at which the experience completed the requirements, before `at`, while the engine was away.

    None where it did not: the alarm of that day has rung, or something else is missing. What is decided before that
    alarm rings would otherwise give the certificate a later day.
    """
    if state.certificate or state.closed or requirements.experience_met(state):
        return None
    come = [(claim.met_at, claim.met_on) for claim in state.experience if claim.met_at and _has_come(claim, at)]
    if not come:
        return None
    met_at, met_on = min(come)
    return met_at if requirements.all_met(state.having(experience_met_on=met_on)) else None


def _has_come(claim: ExperienceClaim, at: datetime) -> bool:
    return claim.met_at is not None and claim.met_at <= at


def _too_late(state: State) -> bool:
    """Whether the experience is met on a day after the testing deadline."""
    return state.window is not None and not requirements.experience_met(state)


def alarms(state: State) -> Iterator[Alarm]:
    """The first day on which a record meets the requirement."""
    coming = [claim.met_at for claim in state.experience if claim.met_at]
    if coming and state.experience_met_on is None and not state.certificate:
        yield Alarm(at=min(coming), kind=AlarmKind.EXPERIENCE, border=False)


def ring_experience(decision: Decision, _command: RingAlarm) -> None:
    meet_experience(decision)


def on_experience_recorded(state: State, event: ExperienceRecorded) -> State:
    """Adds the record. It replaces one of the same role and start that is not met by then (R8)."""
    claim = ExperienceClaim(
        role=event.role,
        started_on=event.started_on,
        ended_on=event.ended_on,
        attested_by=event.attested_by,
        met_on=event.met_on,
        met_at=event.met_at,
    )
    others = [other for other in state.experience if not _same_role(other, event) or _has_come(other, event.at)]
    known = (*state.experience_known, _digest(event))[-MAX_KNOWN:]
    return state.having(experience=_bounded((*others, claim)), experience_known=known)


def _bounded(claims: tuple[ExperienceClaim, ...]) -> tuple[ExperienceClaim, ...]:
    """At most `MAX_RECORDS`: forgets the oldest that changes nothing, as another one counts from an earlier day."""
    if len(claims) <= MAX_RECORDS:
        return claims
    first = min(claims, key=lambda claim: (claim.met_on is None, claim.met_on or claim.started_on))
    forgotten = next(claim for claim in claims if claim is not first)
    return tuple(claim for claim in claims if claim is not forgotten)


def on_experience_met(state: State, event: ExperienceMet) -> State:
    return state.having(experience_met_on=event.met_on)


MATTER = Matter(
    deciders={RecordExperience: record_experience},
    alarms=alarms,
    rings={AlarmKind.EXPERIENCE: ring_experience},
    folds={ExperienceRecorded: on_experience_recorded, ExperienceMet: on_experience_met},
)
