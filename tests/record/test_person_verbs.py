"""`find` and `person`: what they show of a record with every kind of life."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from cli import exits, main
from cli.main import Captured
from cli.verbs import find
from domain.events import Certified
from record import search
from record.database import writing
from record.tables import CONTACTS
from tests.formats.lives import Who
from tests.record.lives import deliver, lived

ANA = Who("C-0042", "run-1", "Ana Ruíz", "ana@example.org")
AGAIN = Who("C-0042", "run-2", "Ana Ruíz-Vogel", "vogel@example.org")
Run = Callable[..., Captured]


@pytest.fixture
def run(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on this record."""
    monkeypatch.setenv("CERTPATH_RECORD_URL", engine.url.render_as_string(hide_password=False))
    return lambda *arguments: main.captured(arguments)


def document(done: Captured) -> Any:
    assert done.code == exits.DONE, done.err
    return json.loads(done.out)


def test_find_shows_every_candidacy_of_a_person_open_and_closed(engine: Engine, run: Run) -> None:
    closed = lived("withdrawn", ANA).append(engine)
    opened = lived("certified", AGAIN).append(engine)
    number = next(event.number for event in opened.events if isinstance(event, Certified))
    done = run("find", "RUIZ", "ana")
    assert done.code == exits.DONE
    rows = done.out.splitlines()[1:]
    assert {("withdrawn" in row, number in row) for row in rows} == {(True, False), (False, True)}
    assert all(row.startswith("C-0042") for row in rows)
    (person,) = document(run("find", number[-6:].lower(), "--json"))["persons"]
    assert person["found_by"] == {"kind": "certificate", "value": number}
    is_open = {(one["workflow_id"], one["enrolment"]): one["closed_at"] is None for one in person["candidacies"]}
    assert is_open == {
        (closed.candidacy.workflow_id, "run-1"): False,
        (opened.candidacy.workflow_id, "run-2"): True,
    }


def test_find_says_that_nobody_or_more_are_found(engine: Engine, run: Run) -> None:
    for number in range(3):
        lived("testing", Who(f"C-{number}", f"run-{number}", f"Ben {number}", f"b{number}@example.org")).append(engine)
    done = run("find", "nobody", "--json")
    assert document(done) == {"persons": [], "more": False}
    assert "Nobody in the record" in done.err
    done = run("find", "ben", "--limit", "2", "--json")
    assert (len(document(done)["persons"]), document(done)["more"]) == (2, True)
    assert "More than 2 persons are found" in done.err
    assert "More than 1 person is found" in run("find", "ben", "--limit", "1").err


def test_find_has_a_row_for_each_candidacy_in_csv(engine: Engine, run: Run) -> None:
    lived("withdrawn", ANA).append(engine)
    lived("certified", AGAIN).append(engine)
    lived("testing", Who("C-7", "run-7", "=HYPERLINK(ruiz)", "seven@example.org")).append(engine)
    (ruiz, other) = sorted(document(run("find", "ruiz", "--json"))["persons"], key=lambda one: -len(one["candidacies"]))
    done = run("find", "ruiz", "--csv")
    assert done.code == exits.DONE
    rows = list(csv.DictReader(io.StringIO(done.out.removeprefix("\ufeff"))))
    assert [{**one, **rest(row)} for one, row in zip(ruiz["candidacies"], of(rows, "C-0042"), strict=True)] == [
        {field: value or None for field, value in row.items()} for row in of(rows, "C-0042")
    ]
    (only,) = of(rows, "C-7")
    assert only["name"] == f"'{other['candidacies'][0]['name']}" == "'=HYPERLINK(ruiz)"
    assert run("find", "nobody", "--csv").out.removeprefix("\ufeff").splitlines() == [",".join(find.FIELDS)]


def of(rows: list[dict[str, str]], candidate_id: str) -> list[dict[str, str]]:
    return [row for row in rows if row["candidate_id"] == candidate_id]


def rest(row: dict[str, str]) -> dict[str, str]:
    """What the row says of the person, beside the candidacy."""
    assert row["found_by"]
    assert row["found"]
    return {field: row[field] for field in ("candidate_id", "found_by", "found")}


@pytest.mark.parametrize("text", ["-.-", "x" * 201])
def test_find_refuses_a_text_that_finds_nobody_or_is_too_long(run: Run, text: str) -> None:
    assert run("find", "--", text).code == exits.BAD_INPUT


def test_texts_from_outside_are_shown_as_text(engine: Engine, run: Run) -> None:
    lived("testing", Who("C-1", "run-1", "Eve", "eve@example.org")).append(engine)
    with writing(engine) as connection:
        # Messages of today cannot bring such a name; those of an older build could.
        connection.execute(update(CONTACTS).values(name="Eve \x1b[31mRed\u202e"))
        search.renew(connection, ["certification:CCSL:C-1"])
    for words in (("find", "eve"), ("person", "C-1")):
        out = run(*words).out
        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "[31mRed\\u202e" in out


def test_person_shows_details_candidacies_attention_and_mails(engine: Engine, run: Run) -> None:
    lived("withdrawn", ANA).append(engine)
    life = lived("held", AGAIN).append(engine)
    about = document(run("person", "C-0042", "--json", "--mails", "1000"))["mails"][-1]["about"]
    deliver(engine, life, about, datetime(2026, 11, 2, 15, tzinfo=UTC), "purchase-confirmed")
    page = run("person", "C-0042")
    assert page.code == exits.DONE
    for shown in ("Ana Ruíz, ana@example.org", "Ana Ruíz-Vogel, vogel@example.org", "enrolment run-1", "held-result:"):
        assert shown in page.out
    found = document(run("person", "C-0042", "--json", "--mails", "1000"))
    status = {one["enrolment"]: one["status"] for one in found["candidacies"]}
    assert status.keys() == {"run-1", "run-2"}
    assert status["run-2"]["attention"] == [str(one) for one in life.state.attention]
    assert status["run-2"]["name"] == AGAIN.name
    (mail,) = [one for one in found["mails"] if one["enrolment"] == "run-2" and one["about"] == about]
    assert (mail["outcome"], mail["email"], mail["at"]) == ("sent", AGAIN.email, "2026-11-02T15:00:00Z")


def test_person_shows_former_details_with_their_days(engine: Engine, run: Run) -> None:
    life = lived("contact-changed", ANA).append(engine)
    contacts = document(run("person", "C-0042", "--json"))["contacts"]
    assert [one["until"] is None for one in contacts] == [*([False] * (len(contacts) - 1)), True]
    assert contacts[-1]["name"] == life.contact.name
    page = run("person", "C-0042").out
    former = [line for line in page.splitlines() if line.lstrip().startswith("Formerly")]
    assert len(former) == len(contacts) - 1 > 0
    assert all(one["email"] in page for one in contacts)


def test_person_without_details_is_shown_without_them(engine: Engine, run: Run) -> None:
    lived("certified", ANA).append(engine)
    with writing(engine) as connection:
        connection.execute(delete(CONTACTS))
    page = run("person", "C-0042")
    assert page.code == exits.DONE
    assert "none: it was erased" in page.out
    assert "certificate" in page.out


def test_person_suggests_the_id_that_is_alike(engine: Engine, run: Run) -> None:
    lived("testing", ANA).append(engine)
    done = run("person", "c-42", "--json")
    assert done.code == exits.REFUSED
    assert json.loads(done.out)["error"]["kind"] == "not-found"
    assert "did you mean C-0042?" in done.err
    assert "`find` looks" in run("person", "C-9").err


def test_without_a_record_both_say_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", f"sqlite:///{tmp_path}/none.db")
    for words in (("find", "ana"), ("person", "C-1")):
        done = run(*words)
        assert done.code == exits.UNREACHABLE
        assert "a worker makes it" in done.err
