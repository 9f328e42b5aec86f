"""Figures and periods of the record, compared with what the states of the domain add up to."""

import itertools
from collections import Counter
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from domain.calendar import day_of
from record import figures, finding, periods
from record.database import reading
from record.figures import Rate
from record.finding import Wanted
from tests.formats.lives import BEGUN, Life, lives_of
from tests.record.conftest import RecordOfLives
from tests.record.lives import Lived, lived, of_life, person
from tests.scheme import SCHEME
from tests.workflows.journeys import OPERATIONS
from views.figures import Days
from views.standing import status_view

ZONE = SCHEME.body.zone
YEARS = [date(year, 1, 1) for year in range(2024, 2032)]


def status_of(life: Lived) -> str:
    return str(status_view(life.state, "", life.events[-1].at).status)


def test_each_status_of_each_designation_is_counted(every_life: RecordOfLives) -> None:
    with reading(every_life.engine) as connection:
        counts = figures.counts(connection, Wanted())
        some = figures.counts(connection, Wanted(designations=("CCSL",), open=True))
    assert counts == Counter((life.state.designation, status_of(life)) for life in every_life.lives)
    assert some == Counter(
        (life.state.designation, status_of(life))
        for life in every_life.lives
        if life.state.designation == "CCSL" and not life.state.closed
    )


def test_the_rates_are_those_of_the_assessments(every_life: RecordOfLives) -> None:
    tallies: dict[str, list[int]] = {}
    for life in every_life.lives:
        for domain, one in status_view(life.state, "", BEGUN).assessments.items():
            passed = one.status == "passed"
            tally = tallies.setdefault(domain, [0, 0, 0])
            for place, counts in enumerate((one.attempts > 0, passed, passed and one.attempts == 1)):
                tally[place] += counts
    with reading(every_life.engine) as connection:
        assert figures.rates(connection, Wanted()) == [Rate(domain, *tallies[domain]) for domain in sorted(tallies)]
    assert any(attempted > passed > first > 0 for attempted, passed, first in tallies.values())


def test_everybody_who_was_certified_is_there_with_purchase_and_registration(every_life: RecordOfLives) -> None:
    with reading(every_life.engine) as connection:
        people = list(figures.certified(connection, Wanted()))
    expected = [life.state for life in every_life.lives if life.state.certificate]
    assert Counter((one.designation, one.certified_on) for one in people) == Counter(
        (state.designation, state.certificate.certified_on.isoformat()) for state in expected if state.certificate
    )
    assert {datetime.fromisoformat(one.registered_at) for one in people} == {state.registered_at for state in expected}
    assert {one.purchased_at is not None for one in people} == {True}


def test_the_days_to_the_certificate_are_those_of_the_body_s_zone(every_life: RecordOfLives) -> None:
    expected: Counter[Days] = Counter()
    for life in every_life.lives:
        state = life.state
        if state.certificate:
            on = state.certificate.certified_on
            starts = (state.registered_at, state.window.purchased_at if state.window else None)
            expected[Days(*((on - day_of(start, ZONE)).days if start else None for start in starts))] += 1
    with reading(every_life.engine) as connection:
        assert figures.days_to_certificate(connection, Wanted(), "UTC") == expected
        nobody = figures.days_to_certificate(connection, Wanted(statuses=("testing",)), "UTC")
    assert len(expected) > 1
    assert not nobody


def test_each_period_has_what_happened_in_it(every_life: RecordOfLives) -> None:
    with reading(every_life.engine) as connection:
        found = periods.periods(connection, Wanted(), YEARS, ZONE)
    assert [(one.since, one.before) for one in found] == list(itertools.pairwise(YEARS))
    states = [life.state for life in every_life.lives]
    for period in found:

        def within(moment: datetime | date | None, period: periods.Period = period) -> bool:
            return moment is not None and period.since <= day_of(moment, ZONE) < period.before

        assert period.registered == Counter(one.designation for one in states if within(one.registered_at))
        assert period.closed == Counter(one.closed.value for one in states if one.closed and within(one.closed_at))
        certified = [one for one in states if one.certificate and within(one.certificate.certified_on)]
        assert period.certified == Counter(one.designation for one in certified)
        assert len(period.since_registration) == len(certified)
        taken = [
            result
            for one in states
            for result in one.results.values()
            if within(result.taken_at) and result.outcome != "voided"
        ]
        assert {domain: tally.taken for domain, tally in period.results.items()} == Counter(
            result.domain for result in taken
        )
        assert {domain: tally.passed for domain, tally in period.results.items() if tally.passed} == Counter(
            result.domain for result in taken if result.passed
        )
    assert sum(one.certified.total() for one in found) > 10
    assert sum(one.closed.total() for one in found) > 5


def test_a_result_counts_as_it_stands_today_and_the_first_ones_are_told(engine: Engine) -> None:
    """R-1 was corrected, R-2 missed; R-6 was held and then accepted, R-3 voided, and R-7 rejected."""
    life = lived("many-results", person(1)).append(engine)
    with reading(engine) as connection:
        (period,) = periods.periods(connection, Wanted(), [date(2024, 1, 1), date(2031, 1, 1)], ZONE)
        of_vendor = periods.periods(
            connection, Wanted(vendors=("Test Center 7",)), [date(2024, 1, 1), date(2031, 1, 1)], ZONE
        )[0]
    tally = period.results[OPERATIONS]
    assert (tally.taken, tally.passed, tally.no_shows) == (3, 1, 1)
    assert (tally.first, tally.passed_first) == (1, 0)
    assert {result.result_id for result in life.state.results.values() if result.domain == OPERATIONS} == {
        "R-1",
        "R-2",
        "R-6",
    }
    assert {domain: (one.taken, one.no_shows) for domain, one in of_vendor.results.items()} == {OPERATIONS: (1, 1)}
    assert of_vendor.results[OPERATIONS].first == 0, "another vendor has delivered the first one"


def test_a_vendor_s_first_results_are_those_of_candidates_who_had_taken_none_before(engine: Engine) -> None:
    """The first candidate's first attempt was delivered by one vendor and the second by the other."""
    with lives_of(person(1)):
        first = Life.begun("CCSL").result("R-1", OPERATIONS, 50, source="Vendor One").after(days=31)
        of_life("", first.result("R-2", OPERATIONS, 90, source="Vendor Two").sent(), person(1)).append(engine)
    with lives_of(person(2)):
        second = Life.begun("CCSL").result("R-3", OPERATIONS, 95, source="Vendor Two").sent()
        of_life("", second, person(2)).append(engine)
    tallies = {}
    for vendors in ((), ("Vendor One",), ("Vendor Two",)):
        with reading(engine) as connection:
            (period,) = periods.periods(connection, Wanted(vendors=vendors), [date(2024, 1, 1), date(2031, 1, 1)], ZONE)
        one = period.results[OPERATIONS]
        tallies[vendors] = (one.taken, one.passed, one.first, one.passed_first)
    assert tallies == {(): (3, 2, 2, 1), ("Vendor One",): (1, 0, 1, 0), ("Vendor Two",): (2, 2, 1, 1)}


def test_a_day_of_a_period_is_one_of_the_zone(engine: Engine) -> None:
    """A registration shortly after midnight in UTC is one of the day before in Chicago."""
    life = lived("testing").append(engine)
    registered_on = day_of(life.state.registered_at, ZONE)
    with reading(engine) as connection:
        days = [registered_on + timedelta(days=number) for number in (-1, 0, 1, 2)]
        found = periods.periods(connection, Wanted(), days, ZONE)
        first = periods.first_registration(connection, Wanted())
        nobody = periods.first_registration(connection, Wanted(statuses=("grace",)))
        assert finding.count(connection, Wanted()) == 1
    assert [one.registered.total() for one in found] == [0, 1, 0]
    assert (first, nobody) == (life.state.registered_at, None)
