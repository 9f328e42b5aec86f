"""Random histories: what holds of every candidacy, whatever is sent to it and whenever."""

from collections.abc import Iterator
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import events as e
from tests.properties.invariants import assert_anchored, check, check_whole
from tests.properties.random_steps import (
    CANDIDATE,
    HOLDER,
    PROFILE,
    REST,
    RESULTS,
    STEPS,
    TIME,
    Player,
    Step,
    weighted,
)
from tests.unit.domain.builders import START, Candidacy, days, holder, local


def play(candidacy: Candidacy, steps: list[Step]) -> Iterator[str]:
    """Checks everything after each step; yields the status after each."""
    player = Player(candidacy)
    check(candidacy)
    for given_step in steps:
        player.play(given_step)
        check(candidacy)
        yield candidacy.status
    player.deliver_again()
    candidacy.advance_to(candidacy.clock + days(4000))
    check(candidacy)
    check_whole(candidacy)


def test_a_candidacy_keeps_its_rules_and_the_random_histories_reach_nearly_everything() -> None:
    """A generator that never gets anywhere would prove nothing."""
    reached: set[str] = set()
    events: set[str] = set()

    @settings(PROFILE, max_examples=320)
    @given(
        designation=st.sampled_from(["CCSL", "CCSL", "CCOM", "CCMA", "CCMC"]),
        paid=st.booleans() | st.just(True),
        since=st.sampled_from(["2020-01-01", "2026-06-01", None]),
        certified=st.sampled_from([True, False, False]),
        steps=STEPS,
    )
    def histories(designation: str, paid: bool, since: str | None, certified: bool, steps: list[Step]) -> None:
        candidacy = holder() if certified else Candidacy(designation, at=START, paid=paid, since=since)
        reached.update(play(candidacy, steps))
        events.update(candidacy.types)

    histories()
    assert reached >= {"testing", "settling", "awaiting_review", "awaiting_experience", "certified", "recertifying"}
    assert reached >= {"grace", "lapsed", "suspended", "timed_out"}
    assert events >= {"ResultHeld", "ResultResolved", "ResultCorrected", "WorkProductReturned", "DeadlineExtended"}
    assert events >= {"RevisionOverdue", "ExperienceRecorded", "ContactUpdated"}
    assert events >= {"Suspended", "Reinstated", "RecertificationSubmitted", "AdvancementRequested", "MessageRefused"}


@settings(PROFILE, max_examples=150)
@given(
    certified_on=st.dates(date(2024, 1, 1), date(2031, 12, 31)),
    steps=st.lists(weighted(HOLDER, HOLDER, HOLDER, TIME, REST, RESULTS), max_size=40),
)
def test_a_holder_keeps_the_rules(certified_on: date, steps: list[Step]) -> None:
    candidacy = holder("CCMA", certified_on.isoformat())
    list(play(candidacy, steps))
    certificate = candidacy.state.certificate
    assert certificate is not None
    assert certificate.number == candidacy.last(e.Certified).number
    assert_anchored(candidacy)


@settings(PROFILE, max_examples=60)
@given(steps=st.lists(weighted(CANDIDATE, CANDIDATE, HOLDER, TIME, REST), max_size=25))
def test_an_advancement_keeps_the_rules(steps: list[Step]) -> None:
    candidacy = Candidacy("CCOM", at=START, advances_from="CCMA")
    list(play(candidacy, steps))
    assert not candidacy.all(e.AssessmentPassed)
    for certified in candidacy.all(e.Certified):
        assert certified.effective_at <= certified.at


# --- thirty years -------------------------------------------------------------------------------------------


@settings(PROFILE, max_examples=40)
@given(
    certified_on=st.dates(date(2024, 1, 1), date(2028, 12, 31)) | st.just(date(2024, 2, 29)),
    delays=st.lists(st.integers(0, 453), min_size=10, max_size=10),
)
def test_no_date_drifts_over_thirty_years(certified_on: date, delays: list[int]) -> None:
    """Approved anywhere between the opening of the window and the end of grace, the anniversary stays."""
    candidacy = holder("CCMA", certified_on.isoformat())
    for cycle, delay in enumerate(delays, start=1):
        certificate = candidacy.state.certificate
        assert certificate is not None
        year = certified_on.year + 3 * cycle
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        lost = (certified_on.month, certified_on.day) == (2, 29) and not leap
        assert certificate.expires_on == certified_on.replace(year=year, day=28 if lost else certified_on.day)
        assert certificate.expires_at == local(certificate.expires_on.isoformat(), "00:00:00") + (
            local(date.fromordinal(certificate.expires_on.toordinal() + 1).isoformat(), "00:00:00")
            - local(certificate.expires_on.isoformat(), "00:00:00")
        )
        candidacy.advance_to(certificate.window_opens_at + days(delay))
        candidacy.evidence(f"E-{cycle}", certificate.window_opens_on.isoformat())
        candidacy.approve(f"E-{cycle}")
        check(candidacy)
    assert_anchored(candidacy)
    assert candidacy.state.cycle == 11
