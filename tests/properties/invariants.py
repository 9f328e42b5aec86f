"""What holds of every candidacy, whatever is sent to it and whenever."""

import itertools
import re
from datetime import datetime, timedelta

from activities.rendering import Renderer
from domain import events as e
from domain import holds, requirements, rulebook
from domain.effects import Notify
from domain.matters.attention import REVIEW_WAITING
from domain.state import IN_FORCE, State
from domain.vocabulary import AttentionKind, Status
from tests.unit.domain.builders import Candidacy
from views.timeline import summary_of

STATUSES = set(Status)
RENDERER = Renderer()


def refold(candidacy: Candidacy) -> State:
    """The state from the events alone, each of them read back from JSON, which names no address (rule 25, R9)."""
    state: State | None = None
    for event in candidacy.events:
        written = e.EVENTS.dump_json(event)  # type: ignore[arg-type]
        assert not [address for address in (b"@example.org", b"@example.net") if address in written]
        again = e.EVENTS.validate_json(written)
        assert again == event
        state = rulebook.evolve(state, again)
    assert state is not None
    return state


def accepted(events: list[e.BaseEvent]) -> dict[str, e.ResultFacts]:
    """The results that count, by reading the events as a person would."""
    found: dict[str, e.ResultFacts] = {}
    for event in events:
        if isinstance(event, e.ResultEvent) and not isinstance(event, e.ResultHeld):
            undecided = isinstance(event, e.ResultResolved) and (event.decision == "reject" or event.held_again)
            superseded = isinstance(event, e.ResultRecorded) and event.superseded
            if not undecided and not superseded:
                found[event.result.result_id] = event.result
    return found


def standing(claims: list[e.ExperienceRecorded]) -> list[e.ExperienceRecorded]:
    """The records that stand beside each other: one of the same role and start replaces one that is not met (R8)."""
    found: list[e.ExperienceRecorded] = []
    for claim in claims:
        role = (claim.role, claim.started_on)
        found = [one for one in found if (one.role, one.started_on) != role or (one.met_at and one.met_at <= claim.at)]
        found.append(claim)
    return found


def unmet(candidacy: Candidacy, events: list[e.BaseEvent]) -> list[str]:
    """The requirements that these events do not meet, worked out without the engine's own judgement."""
    programme, missing = candidacy.scheme.programme(candidacy.state.designation), []
    bought = [event for event in events if isinstance(event, e.PurchaseConfirmed)]
    deadline = max([event.deadline for event in events if isinstance(event, (e.PurchaseConfirmed, e.DeadlineExtended))])
    if not bought:
        missing.append("purchase")
    if candidacy.state.path == "standard":
        passed = {
            result.domain
            for result in accepted(events).values()
            if result.outcome == "scored"
            and result.score is not None
            and result.score.points * 100 >= programme.passing_score * result.score.out_of
        }
        missing += sorted(set(programme.domains) - passed)
    if programme.work_product and not any(isinstance(event, e.WorkProductPassed) for event in events):
        missing.append("work product")
    if programme.experience:
        claims = [event for event in events if isinstance(event, e.ExperienceRecorded)]
        if not any(claim.met_on and claim.met_on <= deadline for claim in standing(claims)):
            missing.append("experience")
    return missing


def check(candidacy: Candidacy) -> None:
    """Everything that must hold at any moment."""
    state = candidacy.state
    assert candidacy.status in STATUSES
    unanswered = {"lower"} if candidacy.lower.superseded_at is None else set()
    standing = [alarm for alarm in candidacy.alarms if alarm.at <= candidacy.clock and alarm.kind not in unanswered]
    assert not standing
    assert not (state.closed and candidacy.alarms)
    assert [event.sequence for event in candidacy.events] == list(range(1, len(candidacy.events) + 1))
    assert all(earlier.at <= later.at for earlier, later in itertools.pairwise(candidacy.events))
    assert len(set(state.attention)) == len(state.attention)
    # What waits for a person asks for attention, and nothing else does under that name (R19).
    waiting = set() if state.closed else {hold.attention for hold in state.held.values()}
    assert waiting == {value for value in state.attention if value.kind is AttentionKind.HELD_RESULT}
    if not state.closed:
        assert (state.under_review is not None) == (REVIEW_WAITING in state.attention)
    met = [event.met_on for event in candidacy.all(e.ExperienceMet)]
    assert met == sorted(met, reverse=True), "what was met is never taken away (R8)"
    assert state.experience_met_on == (met[-1] if met else None)
    check_results(state)
    if state.in_force(candidacy.clock):
        assert candidacy.status in ("certified", "recertifying")
    if candidacy.status in ("certified", "recertifying"):
        assert state.in_force(candidacy.clock)
    check_evidence(state, candidacy.clock)


def check_evidence(state: State, now: datetime) -> None:
    """The phase of the certificate is that of the clock, unless it waits for evidence from before its end (R11)."""
    certificate, recertification = state.certificate, state.recertification
    if certificate is None or state.closed:
        return
    phase = recertification.submitted_phase if recertification.status == "submitted" else None
    if certificate.phase in IN_FORCE:
        assert now < certificate.expires_at
    elif certificate.phase is Status.GRACE:
        assert phase != "lapsed"
        assert now < certificate.lapses_at or phase
    else:
        assert now >= certificate.lapses_at
        assert phase or certificate.renewal_settles_at is None or now < certificate.renewal_settles_at


def check_results(state: State) -> None:
    """No hold stands without a reason, and nothing is left aside without a pass before it (R1)."""
    assert {hold.hold for hold in state.held.values()} == set(state.held)
    assert not state.results.keys() & state.aside.keys()
    if state.window is None or state.certificate or state.closed:
        return
    for hold in state.held.values():
        assert holds.standing(state, hold) or holds.not_acceptable(state, hold.result)
    assert not requirements.exposed(state)


_OF_A_FAIL = re.compile(
    r"did not pass|not passed|no-show|did not appear|missed|voided|attempt back|no attempt|last attempt|attempts? left"
)


def check_mails(candidacy: Candidacy) -> None:
    """No mail says that anything was failed, missed, used up or given back in an assessment that is passed (R17)."""
    for event, state in candidacy.steps:
        if not isinstance(event, (e.ResultEvent, e.SettlementStarted)):
            continue
        domains = {event.result.domain} if isinstance(event, e.ResultEvent) else {event.domain}
        other = event.replaces if isinstance(event, e.ResultHeld) else getattr(event, "previous", None)
        domains |= {other.domain} if other else set()
        if not all(requirements.passed(state, domain) for domain in domains):
            continue
        for effect in rulebook.effects(event, state):
            if isinstance(effect, Notify):
                _, text = RENDERER.render(effect.notice, "Ana Ruiz", effect.facts)
                assert not _OF_A_FAIL.search(" ".join(text.split())), text


def check_accepted(candidacy: Candidacy) -> None:
    """What was accepted stays accepted: only a result itself, corrected, leaves those that count (R1)."""
    for (_, before), (event, after) in itertools.pairwise(candidacy.steps):
        own = {event.result.result_id} if isinstance(event, e.ResultEvent) else set()
        voided = {key for key, result in before.results.items() if result.outcome == "voided"}
        assert before.results.keys() - after.results.keys() <= own | voided


def check_whole(candidacy: Candidacy) -> None:
    """Everything that must hold of a history as a whole."""
    check_mails(candidacy)
    check_accepted(candidacy)
    assert refold(candidacy) == candidacy.state
    assert State.model_validate_json(candidacy.state.model_dump_json()) == candidacy.state
    certificates = candidacy.all(e.Certified)
    assert len(certificates) <= 1
    for certified in certificates:
        before = candidacy.events[: certified.sequence - 1]
        assert unmet(candidacy, before) == []
    assert_no_day_is_lost(candidacy)
    assert_one_advancement_at_a_time(candidacy)
    closings = [event.sequence for event in candidacy.events if isinstance(event, e.CandidacyClosed)]
    assert len(closings) <= 1
    after = candidacy.events[closings[0] :] if closings else []
    assert {type(event) for event in after} <= {
        e.MessageRefused,
        e.NoticeUndeliverable,
        e.NoticeSuperseded,
        e.AdvancementRefused,
    }
    assert all(summary_of(event).isprintable() for event in candidacy.events)


def assert_no_day_is_lost(candidacy: Candidacy) -> None:
    """The evidence of a cycle begins on the day after the last one that the approved evidence before could cover (R10).

    Every gap is kept for good (R11).
    """
    submitted = {event.submission_id: event for event in candidacy.all(e.RecertificationSubmitted)}
    gaps = []
    for event in candidacy.all(e.Recertified):
        covered = submitted[event.submission_id].covers_until
        assert covered is not None
        assert event.cycle_starts_on == covered + timedelta(days=1)
        if event.gap_from:
            gaps.append((event.gap_from, event.gap_to))
            assert submitted[event.submission_id].phase == "lapsed"
    certificate = candidacy.state.certificate
    assert gaps == [(gap.start, gap.end) for gap in (certificate.gaps if certificate else ())]


def assert_one_advancement_at_a_time(candidacy: Candidacy) -> None:
    """A second advancement is requested only after the first was refused, has ended, or must have ended (R13)."""
    under_way: e.AdvancementRequested | None = None
    for event in candidacy.events:
        if isinstance(event, e.AdvancementRequested):
            assert under_way is None or (under_way.settles_at and under_way.settles_at <= event.at)
            under_way = event
        if isinstance(event, (e.AdvancementRefused, e.AdvancementEnded)):
            under_way = None


def assert_anchored(candidacy: Candidacy) -> None:
    """Every expiry is its anchor plus whole years: no date ever drifts."""
    for event in [*candidacy.all(e.Certified), *candidacy.all(e.Recertified)]:
        leap_day_lost = (event.anchor.month, event.anchor.day, event.expires_on.day) == (2, 29, 28)
        assert leap_day_lost or event.expires_on.day == event.anchor.day
        assert event.expires_on.month == event.anchor.month
        assert (event.expires_on.year - event.anchor.year) * 12 == event.months
