"""The read models after each append: what the domain's state and the `status` query say, for every kind of life."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select, update

from domain import requirements, rulebook
from domain.calendar import day_of
from domain.effects import Notify
from domain.events import EVENTS, ContactUpdated, NoticeSuperseded, NoticeUndeliverable, ResultEvent
from domain.formats import FORMAT, NewerFormat
from domain.state import State
from domain.texts import ERASED
from record import projection, store
from record.database import reading, writing
from record.events import Candidacy, Kept, Recorded
from record.folding import Fold
from record.rebuild import rebuild
from record.rows import of
from record.standings import view_of
from record.tables import CANDIDACIES, CERTIFICATES, MODELS, NOTICES, RESULTS, SEARCH, STATES, TEXTS, instant_text
from tests.cases import case
from tests.formats.journals import paths, read
from tests.formats.lives import BY, Life
from tests.record.conftest import RecordOfLives
from tests.record.lives import Lived, append_batch, covering, deliver, lived, of_life
from tests.record.lives import every_life as lives_of_every_kind
from tests.unit.domain.builders import PEOPLE, days
from views.standing import status_view
from workflows.journal import Journal

LATER = [timedelta(hours=15), *map(days, (1, 40, 365, 745, 1096, 1500))]
"""How long after an event somebody asks."""


def rows(engine: Engine, table: Table, candidacy: Candidacy) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        found = connection.execute(select(table).where(of(table, candidacy))).mappings()
        return sorted((dict(row) for row in found), key=lambda row: row.get("sequence") or row.get("about") or 0)


def row(engine: Engine, table: Table, candidacy: Candidacy) -> dict[str, Any]:
    (only,) = rows(engine, table, candidacy)
    return only


def models(engine: Engine, candidacy: Candidacy, but: str = "") -> dict[str, list[dict[str, Any]]]:
    """The rows about this candidacy in each read model, without this column."""
    return {
        table.name: [
            {name: value for name, value in one.items() if name != but} for one in rows(engine, table, candidacy)
        ]
        for table in MODELS
    }


# --- every life ---------------------------------------------------------------------------------------------


def test_after_each_append_they_say_what_the_domain_says(engine: Engine, every_life: RecordOfLives) -> None:
    """The events come as from a workflow, those of one command at a time; no table tells that from all at once."""
    lives = every_life.lives if engine.dialect.name == "sqlite" else covering(every_life.lives)
    for life in lives:
        for batch in life.batches:
            with case(life.name, batch.state.sequence):
                append_batch(engine, life.candidacy, batch)
                assert_candidacy(row(engine, CANDIDACIES, life.candidacy), batch.state, batch.events[-1].at)
                assert stored_state(engine, life.candidacy) == batch.state
                assert_certificate(rows(engine, CERTIFICATES, life.candidacy), batch.state)
        with case(life.name):
            assert_results(rows(engine, RESULTS, life.candidacy), life)
            assert_notices(rows(engine, NOTICES, life.candidacy), life)
    at_once = every_life.engine
    for life in lives:
        with case(life.name):
            assert known(engine, life) == known(at_once, life)
            assert_the_same_anew(engine, life.candidacy)
    before = searched(engine)
    rebuild(engine)
    assert searched(engine) == before


def known(engine: Engine, life: Lived) -> dict[str, Any]:
    """Every row about a life that comes of its events, and the texts beside them."""
    with reading(engine) as connection:
        texts = connection.execute(select(TEXTS.c.sequence, TEXTS.c.value).where(of(TEXTS, life.candidacy)))
        return {**models(engine, life.candidacy, but="position"), "texts": sorted(map(tuple, texts))}


def searched(engine: Engine) -> set[tuple[str, ...]]:
    with reading(engine) as connection:
        columns = (SEARCH.c.candidate_id, SEARCH.c.kind, SEARCH.c.key, SEARCH.c.value)
        return {tuple(row) for row in connection.execute(select(*columns))}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_at_the_end_they_say_what_the_domain_says(every_life: RecordOfLives) -> None:
    for life in every_life.lives:
        with case(life.name):
            found = row(every_life.engine, CANDIDACIES, life.candidacy)
            assert_candidacy(found, life.state, life.events[-1].at)
            assert stored_state(every_life.engine, life.candidacy) == life.state
            assert_certificate(rows(every_life.engine, CERTIFICATES, life.candidacy), life.state)
            assert_results(rows(every_life.engine, RESULTS, life.candidacy), life)
            assert_notices(rows(every_life.engine, NOTICES, life.candidacy), life)


def assert_candidacy(found: dict[str, Any], state: State, at: datetime) -> None:
    border, alarm = rulebook.next_border(state), rulebook.next_alarm(state)
    passed = [one for one in requirements.assessments(state).values() if one.status == "passed"]
    certificate = state.certificate
    assert json.loads(found.pop("view")) == status_view(state, "", at).document()
    found.pop("position")
    tries = {domain: [one.attempts, one.status == "passed"] for domain, one in requirements.assessments(state).items()}
    assert json.loads(found.pop("tries")) == (tries if state.path == "standard" else {})
    started = (state.registered_at, state.window.purchased_at if state.window else None)
    assert (found.pop("days_from_registration"), found.pop("days_from_purchase")) == tuple(
        (certificate.certified_on - day_of(moment, state.zone)).days if certificate and moment else None
        for moment in started
    )
    assert found == {
        "workflow_id": state.workflow_id,
        "enrolment": state.enrolment,
        "candidate_id": state.candidate_id,
        "designation": state.designation,
        "path": state.path,
        "status": requirements.status(state).value,
        "registered_at": instant_text(state.registered_at),
        "assessments_passed": len(passed),
        "next_border_at": instant_text(border.at) if border else None,
        "next_alarm_at": instant_text(alarm.at) if alarm else None,
        "attention": json.dumps([str(one) for one in state.attention]) if state.attention else None,
        "waits_for_review": state.under_review is not None,
        "certificate_number": certificate.number if certificate else None,
        "certified_on": certificate.certified_on.isoformat() if certificate else None,
        "expires_on": certificate.expires_on.isoformat() if certificate else None,
        "closed_at": instant_text(state.closed_at) if state.closed_at else None,
        "sequence": state.sequence,
        "changed_at": instant_text(at),
    }


def stored_state(engine: Engine, candidacy: Candidacy) -> State:
    found = row(engine, STATES, candidacy)
    assert found["format"] == FORMAT
    body = json.loads(found["body"])
    with reading(engine) as connection:
        programme = projection.programme(connection, body["programme"]["pinned"], body["programme"]["format"])
    state = State.model_validate({**body, "programme": programme})
    assert found["sequence"] == state.sequence
    return state


def assert_certificate(found: list[dict[str, Any]], state: State) -> None:
    certificate = state.certificate
    if certificate is None:
        assert found == []
        return
    (only,) = found
    assert (only["number"], only["cycle"]) == (certificate.number, certificate.cycle)
    assert only["expires_at"] == instant_text(certificate.expires_at)
    assert (only["suspended_at"] is None) == (state.suspension is None)
    assert (only["ended"], only["superseded_by"]) == (state.closed, state.superseded_by)
    assert only["ended_at"] == (instant_text(state.closed_at) if state.closed_at else None)


def assert_results(found: list[dict[str, Any]], life: Lived) -> None:
    about_results = [event for event in life.events if isinstance(event, ResultEvent)]
    assert [(one["sequence"], one["type"], one["result_id"], one["revision"]) for one in found] == [
        (event.sequence, type(event).__name__, event.result.result_id, event.result.revision) for event in about_results
    ]
    for one, event in zip(found, about_results, strict=True):
        assert one["percentage"] == (event.result.score.shown if event.result.score else None)
        assert (one["passed"], one["source"]) == (event.result.passed, event.result.source)


def assert_notices(found: list[dict[str, Any]], life: Lived) -> None:
    """Every notice that the domain queues, with what events say of it."""
    queued: dict[int, str] = {}
    state: State | None = None
    for event in life.events:
        state = rulebook.evolve(state, event)
        queued |= {one.sequence: one.notice for one in rulebook.effects(event, state) if isinstance(one, Notify)}
    outcomes = dict.fromkeys(queued, "waiting")
    for event in life.events:
        if isinstance(event, NoticeUndeliverable):
            outcomes[event.about] = event.cause.value
        if isinstance(event, NoticeSuperseded):
            outcomes[event.about] = "superseded"
    assert {one["about"]: (one["notice"], one["outcome"]) for one in found} == {
        about: (notice, outcomes[about]) for about, notice in queued.items()
    }


def test_some_notices_of_the_lives_gave_way_and_some_did_not_arrive(engine: Engine) -> None:
    for name in ("notices-give-way", "contact-changed"):
        lived(name).append(engine)
    with reading(engine) as connection:
        outcomes = set(connection.execute(select(NOTICES.c.outcome)).scalars())
    assert outcomes == {"waiting", "superseded", "refused"}


# --- the instant of asking ----------------------------------------------------------------------------------


def test_a_stored_answer_is_the_answer_of_today_whenever_somebody_asks() -> None:
    different = 0
    for life in lives_of_every_kind():
        fold = Fold(life.candidacy)
        for batch in life.batches:
            fold.take(Kept(1, life.candidacy, Recorded.of(event), "") for event in batch.events)
            stored, at = fold.candidacy_row()["view"], batch.events[-1].at
            for later in LATER:
                answer = status_view(batch.state, "Ana Ruiz", at + later)
                with case(life.name, batch.state.sequence, later):
                    assert view_of(stored, at + later, "Ana Ruiz") == answer
                different += answer.model_copy(update={"name": ""}).document() != json.loads(stored)
    assert different > 500, "the instant of asking makes a difference"


# --- what this build cannot know ----------------------------------------------------------------------------


def assert_the_same_anew(engine: Engine, candidacy: Candidacy) -> None:
    before = models(engine, candidacy)
    with writing(engine) as connection:
        projection.renew(connection, candidacy)
    assert models(engine, candidacy) == before


def test_an_event_of_a_type_that_only_a_newer_build_knows_is_passed_over_until_that_build_folds_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = lived("certified")
    before, last = life.batches[:-1], life.batches[-1]
    for batch in before:
        append_batch(engine, life.candidacy, batch)
    sequence = before[-1].state.sequence
    document = {"type": "MentorNamed", "sequence": sequence + 1, "at": "2024-03-01T09:00:00Z", "mentor": "M-1"}
    later = EVENTS.validate_python(document)
    store.append(engine, life.candidacy, [Recorded.of(later)])
    found = row(engine, CANDIDACIES, life.candidacy)
    assert found["sequence"] == sequence + 1
    assert found["status"] == requirements.status(before[-1].state)
    assert rows(engine, STATES, life.candidacy) == [], "the state is not known for certain"
    following = [event.model_copy(update={"sequence": event.sequence + 1}) for event in last.events]
    store.append(engine, life.candidacy, [Recorded.of(event) for event in following])
    assert row(engine, CANDIDACIES, life.candidacy)["status"] == "certified"
    assert rows(engine, STATES, life.candidacy) == []


def test_an_event_of_a_newer_format_leaves_the_models_as_they_were(engine: Engine) -> None:
    life = lived("certified")
    for batch in life.batches[:-1]:
        append_batch(engine, life.candidacy, batch)
    before = models(engine, life.candidacy)
    newer = [replace(Recorded.of(event), format=FORMAT + 1) for event in life.batches[-1].events]
    store.append(engine, life.candidacy, newer)
    assert models(engine, life.candidacy) == before
    with pytest.raises(NewerFormat), writing(engine) as connection:
        projection.renew(connection, life.candidacy)
    assert models(engine, life.candidacy) == before


def test_a_state_of_another_format_is_not_gone_on_with(engine: Engine) -> None:
    life = lived("certified")
    for batch in life.batches[:-1]:
        append_batch(engine, life.candidacy, batch)
    with writing(engine) as connection:
        connection.execute(update(STATES).values(format=FORMAT + 1, body='{"of": "another build"}'))
    append_batch(engine, life.candidacy, life.batches[-1])
    assert stored_state(engine, life.candidacy) == life.state


def test_of_a_candidacy_that_is_older_than_the_record_what_single_events_say_is_known(engine: Engine) -> None:
    journal = Journal.read(read(next(path for path in paths() if path.stem == "contact-changed")))
    life = Life(journal, journal.events[-1].at + timedelta(minutes=1))
    life.say("update_contact", name="Ana Ruiz-Vega").result("R-99", PEOPLE, 70)
    old = of_life("contact-changed", life).append(engine)
    found = row(engine, CANDIDACIES, old.candidacy)
    assert (found["status"], found["candidate_id"]) == ("unknown", life.journal.state.candidate_id)
    assert found["registered_at"] == instant_text(old.events[0].at)
    assert found["sequence"] == old.events[-1].sequence
    assert rows(engine, STATES, old.candidacy) == []
    assert len(rows(engine, RESULTS, old.candidacy)) == sum(isinstance(one, ResultEvent) for one in old.events)
    life.say("withdraw", reason="retired")
    append_batch(engine, old.candidacy, life.batches[-1])
    closed = row(engine, CANDIDACIES, old.candidacy)
    assert (closed["status"], closed["closed_at"]) == ("withdrawn", instant_text(life.now))
    assert view_of(closed["view"], life.now).closed_for_good


def test_the_certificate_of_a_candidacy_that_is_older_than_the_record_is_known_from_its_grant_on(
    engine: Engine,
) -> None:
    life = lived("holder-revoked")
    granted = next(number for number, batch in enumerate(life.batches) if batch.state.certificate)
    for batch in life.batches[granted:]:
        append_batch(engine, life.candidacy, batch, oldest=batch is life.batches[granted])
    found, certificate = row(engine, CERTIFICATES, life.candidacy), life.state.certificate
    assert certificate
    assert (found["number"], found["expires_on"]) == (certificate.number, certificate.expires_on.isoformat())
    assert (found["ended"], found["cycle"]) == ("revoked", 2)
    assert row(engine, CANDIDACIES, life.candidacy)["certificate_number"] == certificate.number


def test_a_certificate_is_in_force_also_where_the_earlier_events_are_missing(engine: Engine) -> None:
    life = lived("holder-revoked")
    granted = next(number for number, batch in enumerate(life.batches) if batch.state.certificate)
    for batch in life.batches[granted:]:
        append_batch(engine, life.candidacy, batch, oldest=batch is life.batches[granted])
        at, known = batch.events[-1].at, row(engine, CANDIDACIES, life.candidacy)
        certificate = batch.state.certificate
        assert (known["status"] == "unknown", certificate is not None) == (batch.state.closed is None, True)
        for later in (timedelta(), *LATER):
            found = view_of(known["view"], at + later).certificate
            assert found is not None
            with case(batch.state.sequence, later):
                assert found.in_force == batch.state.in_force(at + later)


@pytest.mark.parametrize("known_before", [False, True])
def test_a_time_without_certification_is_known_also_where_events_are_missing(
    engine: Engine, known_before: bool
) -> None:
    """They are missing before the grant, or in the middle of the second cycle."""
    life = lived("thirty-years")
    first = next(number for number, batch in enumerate(life.batches) if batch.state.certificate)
    gap = next(number for number, batch in enumerate(life.batches) if _gaps(batch.state))
    recorded = [*life.batches[: gap + 1], *life.batches[gap + 2 :]] if known_before else life.batches[first:]
    for batch in recorded:
        events = [Recorded.of(event) for event in batch.events]
        store.append(engine, life.candidacy, events, batch.contact, oldest=True)
    stored = row(engine, CANDIDACIES, life.candidacy)
    assert stored["status"] == "unknown"
    found = view_of(stored["view"], life.events[-1].at).certificate
    certificate = life.state.certificate
    assert found
    assert certificate
    assert len(certificate.gaps) > 1
    assert [(one.from_, one.to) for one in found.gaps] == [(one.start, one.end) for one in certificate.gaps]
    assert found.gap_from == certificate.gap_from


def _gaps(state: State) -> bool:
    return state.certificate is not None and bool(state.certificate.gaps)


def test_a_suspended_certificate_is_not_in_force_where_the_earlier_events_are_missing(engine: Engine) -> None:
    life = Life.begun("CCMA").sent().certified().sent()
    begun = len(life.batches)
    life.after(days=9).say("suspend", **BY).after(days=9).say("reinstate", **BY)
    old = of_life("", life.sent())
    granted = next(number for number, batch in enumerate(life.batches) if batch.state.certificate)
    found = []
    for number, batch in enumerate(life.batches[granted:], start=granted):
        append_batch(engine, old.candidacy, batch, oldest=number == granted)
        if number >= begun - 1:
            certificate = view_of(row(engine, CANDIDACIES, old.candidacy)["view"], batch.events[-1].at).certificate
            found.append(certificate and certificate.in_force)
    assert found == [True, False, True]


def test_after_a_gap_the_state_is_not_known_and_the_certificate_is(engine: Engine) -> None:
    life = lived("holder-withdrawn")
    renewed = next(number for number, batch in enumerate(life.batches) if batch.state.cycle == 2)
    for batch in life.batches[: renewed - 1]:
        append_batch(engine, life.candidacy, batch)
    batch = life.batches[renewed]
    store.append(engine, life.candidacy, [Recorded.of(event) for event in batch.events], oldest=True)
    assert row(engine, CANDIDACIES, life.candidacy)["status"] == "unknown"
    found = row(engine, CERTIFICATES, life.candidacy)
    assert batch.state.certificate
    assert found["expires_on"] == batch.state.certificate.expires_on.isoformat()
    append_batch(engine, life.candidacy, life.batches[-1])
    assert row(engine, CERTIFICATES, life.candidacy)["ended"] == "withdrawn"
    assert row(engine, CANDIDACIES, life.candidacy)["status"] == "withdrawn"


def test_a_candidacy_that_begins_with_anything_else_is_recorded_all_the_same(engine: Engine) -> None:
    ana = Candidacy("certification:CCSL:C-1", "run-1")
    store.append(
        engine, ana, [Recorded.of(ContactUpdated(sequence=1, at=datetime(2027, 3, 1, tzinfo=UTC), changed=()))]
    )
    assert row(engine, CANDIDACIES, ana)["status"] == "unknown"


# --- notices ------------------------------------------------------------------------------------------------


def outcome(engine: Engine, life: Lived, about: int) -> tuple[str, str | None]:
    (found,) = (one for one in rows(engine, NOTICES, life.candidacy) if one["about"] == about)
    return found["outcome"], found["ended_at"]


def test_a_notice_that_went_out_is_sent_and_the_first_delivery_counts(engine: Engine) -> None:
    life = lived("certified").append(engine)
    assert outcome(engine, life, 1) == ("waiting", None)
    for year in (2030, 2031):
        deliver(engine, life, 1, datetime(year, 1, 1, tzinfo=UTC))
    assert outcome(engine, life, 1) == ("sent", "2030-01-01T00:00:00.000000+00:00")


def test_a_notice_that_went_out_before_its_event_was_recorded_is_sent(engine: Engine) -> None:
    life = lived("certified")
    deliver(engine, life, 1)
    life.append(engine)
    assert outcome(engine, life, 1) == ("sent", "2030-01-01T00:00:00.000000+00:00")


def test_a_notice_that_went_out_stays_sent_when_it_is_given_up_later(engine: Engine) -> None:
    life = lived("contact-changed")
    for batch in life.batches[:-2]:
        append_batch(engine, life.candidacy, batch)
    deliver(engine, life, 1)
    for batch in life.batches[-2:]:
        append_batch(engine, life.candidacy, batch)
    assert any(isinstance(event, NoticeUndeliverable) for event in life.events)
    assert outcome(engine, life, 1)[0] == "sent"
    assert_the_same_anew(engine, life.candidacy)


# --- erased texts -------------------------------------------------------------------------------------------


def test_once_texts_are_erased_the_models_made_anew_have_none_of_them(engine: Engine) -> None:
    life = lived("many-results").append(engine)
    assert "another person sat there" not in str(models(engine, life.candidacy))
    assert "Test Center 7" in str(models(engine, life.candidacy))
    with writing(engine) as connection:
        connection.execute(TEXTS.delete())
        projection.renew(connection, life.candidacy)
    found = models(engine, life.candidacy)
    assert "Test Center 7" not in str(found)
    assert ERASED in str(found["results"])
