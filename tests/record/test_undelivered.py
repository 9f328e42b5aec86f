"""The notices that did not reach their candidate are found, also those of closed candidacies, which ask for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from cli.main import Captured, captured
from domain.commands import ReportUndeliverable
from domain.vocabulary import UndeliveredCause
from record.database import reading
from record.undelivered import undelivered
from tests.formats.lives import Life, lives_of
from tests.record.conftest import Filled
from tests.record.databases import Database
from tests.record.lives import Lived, deliver, of_life, person

Report = Callable[[Life], Life]


def not_delivered(cause: UndeliveredCause, notice: str, about: int) -> ReportUndeliverable:
    return ReportUndeliverable(notice=notice, about=about, reason="the server says no", cause=cause)


def open_one() -> Lived:
    """An open candidacy whose first notice was refused, and dealt with since."""
    who = person(1)
    with lives_of(who):
        life = Life.begun("CCSL")
        life.take(not_delivered(UndeliveredCause.REFUSED, "registered", 1))
        life.say("acknowledge", attention="notice-undeliverable", by="M. Vogel")
    return of_life("open", life, who)


def closed_one() -> Lived:
    """A candidacy that was withdrawn while no mail went out, so that its candidate was not told."""
    who = person(2)
    with lives_of(who):
        life = Life.begun("CCMA").after(days=3).say("withdraw", reason="a new job")
        about = life.journal.state.sequence
        life.after(days=1).take(not_delivered(UndeliveredCause.CLOSED, "candidacy-closed", about))
    return of_life("closed", life, who)


@pytest.fixture
def both(filled: Filled) -> Engine:
    def fill(engine: Engine) -> None:
        first = open_one().append(engine)
        deliver(engine, first, 2, notice="purchase-confirmed")
        closed_one().append(engine)

    return filled(fill)


def test_the_newest_stands_first_and_those_that_arrived_or_wait_are_left_out(both: Engine) -> None:
    with reading(both) as connection:
        newest, oldest = undelivered(connection)
    assert (newest.candidate_id, newest.notice, newest.cause, newest.closed) == (
        "P-002",
        "candidacy-closed",
        "closed",
        True,
    )
    assert (newest.name, newest.email, newest.status) == ("Björn Ærøskøbing", "person2@example.org", "withdrawn")
    assert (oldest.candidate_id, oldest.notice, oldest.about, oldest.cause, oldest.closed) == (
        "P-001",
        "registered",
        1,
        "refused",
        False,
    )


def test_only_those_that_are_asked_for_are_found(both: Engine) -> None:
    with reading(both) as connection:
        newest, oldest = undelivered(connection)
        assert list(undelivered(connection, closed=True)) == [newest]
        assert list(undelivered(connection, designations=["CCSL"])) == [oldest]
        assert list(undelivered(connection, since=newest.at.date())) == [newest]
        assert list(undelivered(connection, since=oldest.at.date())) == [newest, oldest]


@pytest.fixture
def starter(both: Engine, database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Captured]:
    monkeypatch.setenv("CERTPATH_RECORD_URL", both.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return lambda *arguments: captured(arguments)


def test_the_command_lists_whom_attention_cannot_show_any_more(starter: Callable[..., Captured]) -> None:
    assert json.loads(starter("attention", "--kind", "notice-undeliverable", "--json").out) == []
    shown = json.loads(starter("undelivered", "--closed", "--json").out)
    (one,) = shown
    assert (one["candidate_id"], one["notice"], one["cause"]) == ("P-002", "candidacy-closed", "closed")
    assert starter(*one["command"].split()[1:]).code == 0
    table = starter("undelivered")
    assert "P-001" in table.out
    assert "person2@example.org" in table.out
    assert "2 notices were not delivered. Of a closed candidacy: write to the candidate yourself" in table.err
    assert "Every notice has reached" in starter("undelivered", "--since", "2099-01-01").err


def test_no_name_and_no_address_leaves_the_house(starter: Callable[..., Captured]) -> None:
    for form in ((), ("--json",), ("--csv",)):
        with_names, without = starter("undelivered", *form), starter("undelivered", *form, "--no-names")
        assert "person2@example.org" in with_names.out
        assert not [text for text in ("@", "Björn") if text in without.out]
