"""The erasure of a person: what goes, what stays, when it is refused, and that nothing comes back."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from domain.calendar import add_months, day_of, start_of
from domain.events import Erased, LaterEvent, PurchaseConfirmed, Registered
from domain.retention import Erasure
from domain.texts import ERASED
from record import certificates, erasure, leftovers, persons, store, timelines
from record.checking import Checked, findings
from record.comparison import differences
from record.database import appending, file_of, open_database, reading
from record.erasure import Found, Standing, Today
from record.errors import BadOrder, Conflict, NotErasable, Unavailable
from record.events import Candidacy, Kept, Recorded
from record.lookalikes import New, lookalikes
from record.rebuild import rebuild
from record.search import find
from record.tables import METADATA, PROGRAMMES
from tests.cases import each
from tests.formats.lives import Life, Who, lives_of
from tests.record.commands import address, starter, today
from tests.record.lives import LIVES, Lived, append_batch, as_an_older_build, deliver, lived, of_life, person
from tests.scheme import SCHEME

ANA = Who("P-77", "run-77", "Ana Ruíz", "ana.ruiz@example.org")
SAID = Erasure(by="Kim Stone", reason="asked for in writing")
MONTHS = SCHEME.rules.erasure.after_closing_months
NO_RULE = Today(None, "UTC")
LATER = datetime(2090, 1, 1, tzinfo=UTC)
CLOSED = sorted(name for name, live in LIVES.items() if live().journal.state.closed)


def gone(engine: Engine, now: datetime = LATER, who: Who = ANA, scheme: Today = NO_RULE) -> list[Found]:
    return erasure.erase(engine, who.candidate_id, SAID, scheme, now)


def closed(engine: Engine, name: str = "holder-revoked", who: Who = ANA) -> Lived:
    """A life that has closed, with a delivery of its first notice."""
    one = lived(name, who).append(engine)
    deliver(engine, one, one.events[0].sequence)
    return one


def everything(engine: Engine) -> str:
    """Every value of every table, as one text; but for what the scheme says, which is of nobody."""
    tables = [table for table in METADATA.sorted_tables if table is not PROGRAMMES]
    with reading(engine) as connection:
        # By their keys: otherwise PostgreSQL gives rows as they lie, and to write a row anew may move it.
        found = {table: connection.execute(select(table).order_by(*table.primary_key)).all() for table in tables}
    return "\n".join(str(tuple(row)) for rows in found.values() for row in rows)


def personal(one: Lived) -> list[str]:
    """The names, the addresses and the texts of a life, those of before too."""
    details = {value for batch in one.batches for value in batch.contact.details.values() if isinstance(value, str)}
    texts = {
        json.loads(text.value)
        for event in one.events
        for text in Recorded.of(event).beside.texts.values()
        if text.value.startswith('"')
    }
    # A short one may stand anywhere by chance.
    return sorted(value for value in details | texts if len(value) > 6)


def whole(engine: Engine) -> None:
    """Checks that every proof holds, and that the read models are those of the events."""
    assert list(findings(engine, Checked())) == []
    assert list(differences(engine)) == []


# --- what goes, and what stays


def test_nothing_personal_is_left_of_any_life_and_every_proof_holds(engine: Engine) -> None:
    lives = [closed(engine, name, person(number)) for number, name in enumerate(CLOSED, 1)]
    kept = {one.candidacy: store.of_candidacy(engine, one.candidacy) for one in lives}
    for one in lives:
        before = page(engine, one.who)
        (found,) = gone(engine, who=one.who)
        assert (found.standing, found.details > 0, found.addresses) == (Standing.ALLOWED, True, 1), one.name
        assert_it_stands_where_it_stood(before, page(engine, one.who), one)
        events = store.of_candidacy(engine, one.candidacy)[:-1]
        assert [(one.event.body, one.hash) for one in events] == [
            (one.event.body, one.hash) for one in kept[one.candidacy]
        ]
    for make_anew in (lambda: None, lambda: rebuild(engine)):
        make_anew()
        left = everything(engine)
        assert [value for one in lives for value in personal(one) if value in left] == []
        whole(engine)


@pytest.mark.parametrize("name", CLOSED)
def test_what_an_older_build_has_sealed_and_is_no_text_stays(engine: Engine, name: str) -> None:
    """Otherwise no build could read the event any more, because an instant, say, would be gone."""
    one = lived(name, ANA)
    store.append(engine, one.candidacy, [as_an_older_build(event) for event in one.events], one.contact)
    before = page(engine)
    (found,) = gone(engine)
    assert_it_stands_where_it_stood(before, page(engine), one)
    left = everything(engine)
    assert [value for value in personal(one) if value in left] == []
    assert found.texts == len({seal for event in one.events for seal in Recorded.of(event).beside.texts.values()})
    whole(engine)
    assert rebuild(engine).unfolded == []


def test_an_event_that_only_a_newer_build_knows_is_erased_by_none_but_that_build(engine: Engine) -> None:
    one = lived("withdrawn", ANA).append(engine)
    with appending(engine) as pipeline:
        later = {**one.events[0].model_dump(mode="json"), "type": "MentorNamed", "sequence": len(one.events) + 1}
        store.append_in(pipeline, one.candidacy, [Recorded.of(LaterEvent.model_validate(later))])
    before = everything(engine)
    with pytest.raises(NotErasable, match=r"only a newer build knows \(MentorNamed\): erase with that build"):
        gone(engine)
    assert everything(engine) == before


def assert_it_stands_where_it_stood(before: dict[str, Any], after: dict[str, Any], one: Lived) -> None:
    assert (after["name"], after["erased_at"]) == (ERASED, "2090-01-01T00:00:00Z")
    facts = ("status", "assessments", "certificate", "testing_deadline", "registered_at", "purchased_at", "path")
    assert {fact: after[fact] for fact in facts} == {fact: before[fact] for fact in facts}
    assert after["closed"]["at"] == before["closed"]["at"]
    assert after["sequence"] == before["sequence"] + 1 == len(one.events) + 1


def test_the_act_is_the_last_event_of_each_candidacy_of_the_person(engine: Engine) -> None:
    one = closed(engine)
    with lives_of(Who(ANA.candidate_id, "run-78", ANA.name, ANA.email)):
        other = of_life("", Life.begun("CCMC").say("withdraw", reason="a new job").sent(), ANA).append(engine)
    assert len(gone(engine)) == 2
    for candidacy in (one.candidacy, other.candidacy):
        last = last_of(engine, candidacy)
        assert isinstance(last, Erased)
        assert (last.by, last.reason, last.at) == (SAID.by, SAID.reason, LATER)
        assert last.details > 0
        with reading(engine) as connection:
            entry = timelines.timeline(connection, candidacy)[-1]
        assert entry.summary == "Name, addresses and texts erased by Kim Stone: asked for in writing"


def last_of(engine: Engine, candidacy: Candidacy) -> Any:
    kept: Kept = store.of_candidacy(engine, candidacy)[-1]
    return kept.event.event()


def page(engine: Engine, who: Who = ANA) -> dict[str, Any]:
    with reading(engine) as connection:
        found = persons.person(connection, who.candidate_id, LATER, 10)
    assert found
    (enrolled,) = found.enrolments
    return enrolled.view.document()


def test_a_certificate_is_verified_without_its_holder(engine: Engine) -> None:
    one = closed(engine)
    assert one.state.certificate
    with reading(engine) as connection:
        before = certificates.by_number(connection, one.state.certificate.number, LATER)
    gone(engine)
    with reading(engine) as connection:
        after = certificates.by_number(connection, one.state.certificate.number, LATER)
    assert before
    assert after
    assert (before.holder, after.holder, after.publish, after.erased) == (ANA.name, ERASED, False, True)
    facts = ("title", "standing", "since", "certified_on", "expires_on", "cycle", "gaps", "candidate_id")
    assert [getattr(after, fact) for fact in facts] == [getattr(before, fact) for fact in facts]


def test_the_person_is_found_by_id_and_number_alone(engine: Engine) -> None:
    one = closed(engine)
    reference = next(event.reference for event in one.events if isinstance(event, PurchaseConfirmed))
    number = one.state.certificate.number if one.state.certificate else ""
    assert [found_by(engine, text) for text in (ANA.candidate_id, number, "ruiz", ANA.email, reference)] == [True] * 5
    gone(engine)
    assert [found_by(engine, text) for text in (ANA.candidate_id, number)] == [True, True]
    assert [found_by(engine, text) for text in ("ruiz", ANA.email, reference)] == [False] * 3


def found_by(engine: Engine, text: str) -> bool:
    with reading(engine) as connection:
        return bool(find(connection, text, 10).found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL removes its leftovers itself
def test_a_file_of_sqlite_keeps_no_leftovers(engine: Engine) -> None:
    file = file_of(address(engine))
    assert file
    one = closed(engine)
    letters = [value.encode() for value in personal(one)]
    assert any(value in bytes_of(file) for value in letters)
    gone(engine)
    leftovers.remove(engine)
    assert [value for value in letters if value in bytes_of(file)] == []
    whole(engine)
    assert found_by(engine, ANA.candidate_id)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_leftovers_that_somebody_keeps_in_the_file_by_reading_are_told(engine: Engine) -> None:
    file = file_of(address(engine))
    assert file
    one = closed(engine)
    letters = [value.encode() for value in personal(one)]
    impatient = open_database(address(engine), wait_seconds=0)
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        gone(engine)
        with pytest.raises(Unavailable, match="another process still reads what was in it"):
            leftovers.remove(impatient)
        assert any(value in bytes_of(file) for value in letters)
        reader.execute("COMMIT")
        leftovers.remove(impatient)
        assert [value for value in letters if value in bytes_of(file)] == []
    impatient.dispose()


def bytes_of(file: str) -> bytes:
    return b"".join(path.read_bytes() for path in Path(file).parent.glob(f"{Path(file).name}*"))


# --- when it is refused


def test_it_is_allowed_from_the_day_that_the_scheme_names(engine: Engine) -> None:
    one = closed(engine)
    assert one.state.closed_at
    assert MONTHS
    first_day = add_months(day_of(one.state.closed_at, one.state.zone), MONTHS)
    begins = start_of(first_day, one.state.zone)
    before = everything(engine)
    for now in (one.state.closed_at, begins - timedelta.resolution):
        (found,) = erasure.look(engine, ANA.candidate_id, NO_RULE, now)
        assert (found.standing, found.allowed_from, found.hinders) == (Standing.TOO_EARLY, first_day, True)
        with pytest.raises(NotErasable):
            gone(engine, now)
    assert everything(engine) == before
    assert gone(engine, begins)[0].standing is Standing.ALLOWED


def test_one_open_candidacy_keeps_everything_of_the_person(engine: Engine) -> None:
    closed(engine)
    with lives_of(Who(ANA.candidate_id, "run-78", ANA.name, ANA.email)):
        of_life("", Life.begun("CCMC").sent(), ANA).append(engine)
    before = everything(engine)
    found = erasure.look(engine, ANA.candidate_id, NO_RULE, LATER)
    assert sorted(one.standing for one in found) == [Standing.ALLOWED, Standing.OPEN]
    with pytest.raises(NotErasable, match="certification:CCMC:P-77"):
        gone(engine)
    assert everything(engine) == before


def test_where_the_pinned_scheme_says_nothing_that_of_today_holds(engine: Engine) -> None:
    one = lived("holder-revoked", ANA)
    for batch in one.batches:
        append_batch(engine, one.candidacy, batch._replace(events=tuple(map(without_rule, batch.events))))
    (found,) = erasure.look(engine, ANA.candidate_id, NO_RULE, LATER)
    assert (found.standing, found.allowed_from) == (Standing.NO_RULE, None)
    with pytest.raises(NotErasable):
        gone(engine)
    assert gone(engine, scheme=Today(12, "UTC"))[0].standing is Standing.ALLOWED


def without_rule(event: Any) -> Any:
    """The event as it was while the scheme had no rule about erasure."""
    if not hasattr(event, "programme"):
        return event
    rules = event.programme.rules.model_copy(update={"erasure": type(SCHEME.rules.erasure)()})
    return event.model_copy(update={"programme": event.programme.model_copy(update={"rules": rules})})


def test_what_stays_must_not_name_the_person(engine: Engine) -> None:
    closed(engine)
    before = everything(engine)
    for by, reason in (("Ana Ruiz", "asked"), ("Kim", "ANA RUÍZ, asked"), ("Kim", "ana.ruiz@example.org has asked")):
        with pytest.raises(BadOrder, match="names the person"):
            erasure.erase(engine, ANA.candidate_id, Erasure(by=by, reason=reason), NO_RULE, LATER)
    assert everything(engine) == before


@each("said", [("", "asked"), ("Kim", " "), ("Kim", "a" * 1001), ("Kim\nStone", "asked")])
def test_what_stays_must_have_the_form_of_a_name_and_a_text(said: tuple[str, str]) -> None:
    with pytest.raises(BadOrder):
        erasure.order(*said)


def test_a_candidacy_without_its_read_model_is_not_passed_over(engine: Engine) -> None:
    one = closed(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM candidacies")
    with pytest.raises(NotErasable, match="record rebuild"):
        gone(engine)
    rebuild(engine)
    assert gone(engine)[0].candidacy == one.candidacy


def test_the_command_names_what_hinders_and_asks_nobody(engine: Engine) -> None:
    one = closed(engine)
    assert one.state.closed_at
    asked = ("erase", ANA.candidate_id, "--by", "Kim Stone", "--reason", "asked for", "--yes", "--json")
    with today(one.state.closed_at, "cli.verbs.erase"):
        refused = starter(engine, *asked)
    error = json.loads(refused.out)["error"]
    (enrolment,) = error["enrolments"]
    assert (refused.code, error["kind"], enrolment["standing"]) == (1, "refused", "too-early")
    assert f"may be erased from {enrolment['allowed_from']} on" in refused.err
    with today(LATER, "cli.verbs.erase"):
        named = starter(engine, "erase", ANA.candidate_id, "--by", "", "--reason", "asked for")
        assert starter(engine, *asked).code == 3  # Temporal must be asked whether a workflow runs
    assert (named.code, "`by` must not be empty" in named.err) == (2, True)
    assert ANA.name in everything(engine)


# --- nothing comes back


def test_the_same_again_changes_nothing(engine: Engine) -> None:
    closed(engine)
    gone(engine)
    before = everything(engine)
    (found,) = gone(engine)
    assert (found.standing, found.hinders, found.details, found.texts, found.addresses) == (
        Standing.ERASED,
        False,
        0,
        0,
        0,
    )
    assert everything(engine) == before


def test_a_late_attempt_brings_nothing_back(engine: Engine) -> None:
    one = closed(engine)
    gone(engine)
    before = everything(engine)
    for batch in one.batches:
        append_batch(engine, one.candidacy, batch)
    deliver(engine, one, 1)
    assert everything(engine) == before
    deliver(engine, one, 2)
    assert ANA.email not in everything(engine)
    whole(engine)


def test_nothing_follows_an_erasure(engine: Engine) -> None:
    """Whoever resets a workflow that had ended must look."""
    one = closed(engine)
    gone(engine)
    before = everything(engine)
    last = one.events[-1]
    for number in (last.sequence + 1, last.sequence + 2):
        later = Recorded.of(last.model_copy(update={"sequence": number}))
        with pytest.raises(Conflict):
            store.append(engine, one.candidacy, [later], one.contact)
    assert everything(engine) == before


def test_whoever_is_enrolled_again_begins_anew(engine: Engine) -> None:
    old = closed(engine)
    gone(engine)
    again = lived("certified", Who(ANA.candidate_id, "run-79", "Ana Vega", "vega@example.org")).append(engine)
    with reading(engine) as connection:
        found = persons.person(connection, ANA.candidate_id, LATER, 10)
    assert found
    assert [one.view.name for one in found.enrolments] == [ERASED, "Ana Vega"]
    assert {one.candidacy for one in found.details} == {again.candidacy}
    assert not found_by(engine, "ruiz")
    assert [one.standing for one in erasure.look(engine, ANA.candidate_id, NO_RULE, LATER)] == [
        Standing.ERASED,
        Standing.OPEN,
    ]
    assert old.candidacy != again.candidacy
    whole(engine)


def test_an_erased_person_is_nobodys_lookalike(engine: Engine) -> None:
    one = closed(engine)
    registered = one.events[0]
    assert isinstance(registered, Registered)
    reference = next(event.reference for event in one.events if isinstance(event, PurchaseConfirmed))
    new = [New(1, "N-1", ANA.email, reference)]
    with reading(engine) as connection:
        assert lookalikes(connection, new)
    gone(engine)
    with reading(engine) as connection:
        assert lookalikes(connection, new) == []
