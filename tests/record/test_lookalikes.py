"""Whom the record takes for the same person, before anybody is enrolled."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from cli import before, exits, main
from cli.before import Known
from cli.main import Captured
from client.enrolment import checked
from record import lookalikes
from record.database import reading, writing
from record.lookalikes import Lookalike, New
from record.search import Kind
from tests.formats.lives import Who
from tests.record.lives import lived

NOW = ("--name", "Ana Ruiz", "--designation", "CCMA")
Run = Callable[..., Captured]


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this record, where no Temporal server listens."""
    monkeypatch.setenv("CERTPATH_RECORD_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return lambda *arguments: main.captured(arguments)


def found(engine: Engine, *people: New) -> list[Lookalike]:
    with reading(engine) as connection:
        return lookalikes.lookalikes(connection, people)


def test_a_like_id_a_same_address_and_a_same_purchase_are_found(engine: Engine) -> None:
    lived("testing", Who("C-0042", "run-1", "Ana Ruiz", "ana.ruiz@example.org")).append(engine)
    assert found(
        engine,
        New(1, "c-42", "other@example.org", "INV-1"),
        New(2, "C-7", "Ana.Ruiz@Example.org", None),
        New(3, "C-8", "third@example.org", "inv-77"),
        New(4, "C-9", "anaruiz@example.org", "INV 77"),  # the same letters and digits, but another address and invoice
        New(5, "C-0042", "ana.ruiz@example.org", "INV-77"),
    ) == [
        Lookalike(1, "C-0042", Kind.ID),
        Lookalike(2, "C-0042", Kind.EMAIL),
        Lookalike(3, "C-0042", Kind.PURCHASE),
    ]


def test_register_names_who_may_be_the_same_before_it_asks_temporal(engine: Engine, run: Run) -> None:
    lived("testing", Who("C-0042", "run-1", "Ana Ruiz", "ana.ruiz@example.org")).append(engine)
    given = ("register", "--candidate", "c-42", "--email", "ana.ruiz@example.org", *NOW)
    done = run(*given, "--json")
    assert done.code == exits.BAD_INPUT
    assert "c-42 looks like C-0042." in done.err
    assert "If these are different people, add --allow-lookalikes." in done.err
    assert "c-42 has the same e-mail address as C-0042." in done.err
    assert json.loads(done.out)["error"]["enrolled"] == ["C-0042"]
    assert run(*given, "--allow-lookalikes").code == exits.UNREACHABLE


WITHOUT = "there is no record here, so nobody was compared with people enrolled before."


def test_without_a_record_temporal_alone_is_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Temporal cannot be reached either, nobody is enrolled, and the missing record does not matter."""
    monkeypatch.setenv("CERTPATH_RECORD_URL", "sqlite:////nowhere/at/all.db")
    done = run("register", "--candidate", "C-1", "--email", "ana@example.org", *NOW)
    assert done.code == exits.UNREACHABLE
    assert "record" not in done.err


def test_a_record_of_an_older_build_is_not_called_missing(engine: Engine, run: Run) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    done = run("register", "--candidate", "C-1", "--email", "ana@example.org", *NOW)
    assert "cannot be asked who was enrolled before (the record's tables are of an older build" in done.err
    assert WITHOUT not in done.err


_ANA = b'{"candidate_id": "C-1", "name": "Ana", "email": "ana@example.org", "designation": "CCMA"}'


def test_what_is_not_known_without_a_record_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", "sqlite:////nowhere/at/all.db")
    known = before.of({1: checked(_ANA)})
    assert known == Known(unknown=WITHOUT)
    known.say()
    Known().say()
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"Noted: {WITHOUT}\n")


def test_a_record_that_cannot_be_asked_is_mentioned_and_stops_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", "postgresql://nobody@127.0.0.1:1/none")
    done = run("register", "--candidate", "C-1", "--email", "ana@example.org", *NOW)
    assert done.code == exits.UNREACHABLE
    assert "the record cannot be asked who was enrolled before" in done.err
