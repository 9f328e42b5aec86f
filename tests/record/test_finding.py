"""Finding candidacies in the record, compared with the states in which the domain left them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from domain import rulebook
from domain.events import ResultEvent
from domain.vocabulary import CLOSED, AttentionKind, HoldReason
from record import finding
from record.database import reading
from record.finding import Days, Hold, Standing, Wanted
from record.search import Kind
from tests.cases import each
from tests.formats.lives import BEGUN
from tests.record.conftest import RecordOfLives
from tests.record.lives import Lived
from views.standing import status_view
from views.status import StatusView

SOON = BEGUN + timedelta(days=500)


def view_of(life: Lived) -> StatusView:
    """The answer of `status` after the last event of a life."""
    return status_view(life.state, "", life.events[-1].at)


def found(record: RecordOfLives, wanted: Wanted) -> list[Standing]:
    with reading(record.engine) as connection:
        return list(finding.standings(connection, wanted))


def test_every_enrolment_is_found_with_where_it_stands_and_the_name_of_today(every_life: RecordOfLives) -> None:
    standings = {one.workflow_id: one for one in found(every_life, Wanted())}
    assert len(standings) == len(every_life.lives)
    for life in every_life.lives:
        one, view = standings[life.candidacy.workflow_id], view_of(life)
        assert (one.enrolment, one.candidate_id, one.name) == (
            life.candidacy.enrolment,
            life.who.candidate_id,
            life.contact.name,
        )
        assert (one.status, one.attention_values) == (view.status, view.attention)
        assert bool(one.closed_at) == (view.status in CLOSED)
    assert len({one.name for one in standings.values()}) > 8, "names in many scripts"


def test_open_ones_come_first_and_the_newest_of_them_first(every_life: RecordOfLives) -> None:
    standings = found(every_life, Wanted())
    closed = [one.closed_at is not None for one in standings]
    assert closed == sorted(closed)
    registered = [one.registered_at for one in standings if one.closed_at is None]
    assert registered == sorted(registered, reverse=True)
    with reading(every_life.engine) as connection:
        assert list(finding.standings(connection, Wanted(), limit=3)) == standings[:3]


def test_names_are_searched_by_the_kind_that_the_search_gives_them() -> None:
    assert finding.NAME == Kind.NAME


def called(part: str) -> Callable[[Lived], bool]:
    """Whether a name of today or before has this part."""
    return lambda life: any(part in batch.contact.name for batch in life.batches)


def held_for(reason: HoldReason) -> Callable[[Lived], bool]:
    return lambda life: any(reason in hold.reasons for hold in life.state.held.values())


def border_by(life: Lived, by: datetime) -> bool:
    borders = [alarm.at for alarm in rulebook.alarms(life.state) if alarm.border]
    return bool(borders) and min(borders) <= by


def certified_within(since: date, until: date) -> Callable[[Lived], bool]:
    def within(life: Lived) -> bool:
        certificate = life.state.certificate
        return certificate is not None and since <= certificate.certified_on <= until

    return within


def expires_within(since: date, until: date) -> Callable[[Lived], bool]:
    def within(life: Lived) -> bool:
        certificate = life.state.certificate
        return certificate is not None and since <= certificate.expires_on <= until

    return within


YEAR = Days(date(2024, 1, 1), date(2024, 12, 31))
LATER = Days(date(2027, 1, 1), date(2029, 12, 31))


@each(
    ("wanted", "meant"),
    [
        (Wanted(candidate_id="P-007"), lambda life: life.who.candidate_id == "P-007"),
        (Wanted(name="ruiz"), called("Ruiz")),
        (Wanted(name="zolc LUKASZ"), called("Łukasz Żółć")),
        (Wanted(name="小龙"), called("李小龙")),
        (Wanted(statuses=("certified", "grace")), lambda life: view_of(life).status in ("certified", "grace")),
        (Wanted(designations=("CCSL",)), lambda life: life.state.designation == "CCSL"),
        (Wanted(open=True), lambda life: not life.state.closed),
        (Wanted(attention=True), lambda life: bool(life.state.attention)),
        (
            Wanted(under_review=True),
            lambda life: any(one.kind is AttentionKind.REVIEW_WAITING for one in life.state.attention),
        ),
        (Wanted(due_by=SOON), lambda life: border_by(life, SOON)),
        (Wanted(rings_by=SOON), lambda life: any(one.at <= SOON for one in rulebook.alarms(life.state))),
        *((Wanted(hold_reasons=(reason,)), held_for(reason)) for reason in HoldReason),
        (Wanted(certified=YEAR), certified_within(date(2024, 1, 1), date(2024, 12, 31))),
        (Wanted(expires=LATER), expires_within(date(2027, 1, 1), date(2029, 12, 31))),
        (Wanted(expires=Days(until=date(2026, 12, 31))), expires_within(date.min, date(2026, 12, 31))),
        (
            Wanted(statuses=("testing",), designations=("CCMA",), attention=True),
            lambda life: (
                (view_of(life).status, life.state.designation) == ("testing", "CCMA") and bool(life.state.attention)
            ),
        ),
    ],
)
def test_a_filter_finds_those_that_are_meant_and_counts_them(
    wanted: Wanted, meant: Callable[[Lived], bool], every_life: RecordOfLives
) -> None:
    expected = {life.candidacy.workflow_id for life in every_life.lives if meant(life)}
    assert {one.workflow_id for one in found(every_life, wanted)} == expected
    with reading(every_life.engine) as connection:
        assert finding.count(connection, wanted) == len(expected)


def test_the_filters_above_are_no_empty_words(every_life: RecordOfLives) -> None:
    assert {reason for reason in HoldReason if found(every_life, Wanted(hold_reasons=(reason,)))} >= {
        HoldReason.BEFORE_PURCHASE,
        HoldReason.UNSCORED,
        HoldReason.FLAG_CONTRADICTS_SCORE,
        HoldReason.AFTER_CERTIFICATION,
    }
    for wanted in (
        Wanted(name="ruiz"),
        Wanted(name="小龙"),
        Wanted(name="zolc LUKASZ"),
        Wanted(under_review=True),
        Wanted(due_by=SOON),
        Wanted(certified=YEAR),
        Wanted(expires=LATER),
    ):
        assert 0 < len(found(every_life, wanted)) < len(every_life.lives)


def test_those_of_a_vendor_have_a_result_that_it_delivered(every_life: RecordOfLives) -> None:
    sources = {
        life.candidacy.workflow_id: {event.result.source for event in life.events if isinstance(event, ResultEvent)}
        for life in every_life.lives
    }
    with reading(every_life.engine) as connection:
        vendors = finding.vendors(connection)
    assert vendors == sorted({source for some in sources.values() for source in some if source})
    for vendor in vendors:
        expected = {workflow_id for workflow_id, some in sources.items() if vendor in some}
        assert {one.workflow_id for one in found(every_life, Wanted(vendors=(vendor,)))} == expected


def test_the_answer_of_status_is_handed_out_with_each(every_life: RecordOfLives) -> None:
    expected = {life.candidacy.workflow_id: view_of(life) for life in every_life.lives}
    with reading(every_life.engine) as connection:
        views = {one.workflow_id: StatusView.parse_json(text) for one, text in finding.views(connection, Wanted())}
    assert views == expected


def test_every_hold_has_its_reasons(every_life: RecordOfLives) -> None:
    expected = {
        (life.candidacy.workflow_id, life.candidacy.enrolment): {
            number: Hold(tuple(map(str, hold.reasons)), hold.result.source) for number, hold in life.state.held.items()
        }
        for life in every_life.lives
        if life.state.held
    }
    with reading(every_life.engine) as connection:
        assert finding.holds(connection, Wanted(open=True)) == expected


def test_the_newest_event_is_the_one_that_was_recorded_last(every_life: RecordOfLives) -> None:
    with reading(every_life.engine) as connection:
        newest = finding.newest(connection)
    assert newest is not None
    assert newest.position == sum(len(life.events) for life in every_life.lives)
    assert newest.at == every_life.lives[-1].events[-1].at
