"""The verbs that ask about many candidacies, answered by a record: as a person calls them, in this process."""

import csv
import io
import json
import re
import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.main import Captured, captured
from domain.vocabulary import CLOSED
from tests.cases import each
from tests.record.conftest import RecordOfLives
from tests.record.lives import NAMES, Lived
from views.standing import status_view

# The questions themselves are tested on both databases.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

NOBODY = "127.0.0.1:1"
"""An address where no Temporal answers."""
VENDOR = "Prometric Limited"

Starter = Callable[..., Captured]


@pytest.fixture
def starter(every_life: RecordOfLives, monkeypatch: pytest.MonkeyPatch) -> Starter:
    """Runs a command line with this record, and without a Temporal."""
    monkeypatch.setenv("CERTPATH_RECORD_URL", every_life.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("TEMPORAL_ADDRESS", NOBODY)
    return lambda *arguments: captured(arguments)


@pytest.fixture
def lives(every_life: RecordOfLives) -> list[Lived]:
    return every_life.lives


def documents(ended: Captured) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def rows_of(ended: Captured) -> list[dict[str, str]]:
    assert ended.code == 0, ended.err
    assert ended.out.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(ended.out.removeprefix("\ufeff"))))


# --- list


def test_list_shows_everybody_with_the_name_of_today(starter: Starter, lives: list[Lived]) -> None:
    shown = {one["candidate_id"]: one for one in documents(starter("list", "--json"))}
    assert {life.who.candidate_id: life.contact.name for life in lives} == {
        candidate: one["name"] for candidate, one in shown.items()
    }
    for life in lives:
        one, state = shown[life.who.candidate_id], life.state
        assert one["execution"] == ("completed" if state.closed else "running")
        assert one["certificate_number"] == (state.certificate.number if state.certificate else None)
        assert (one["enrolment"], one["run_id"]) == (life.candidacy.enrolment, None)
    table = starter("list", "--sort", "name")
    assert len(table.out.splitlines()) == len(lives) + 1
    assert NAMES[2] in table.out
    assert f"{len(lives)} candidacies" in table.err


def test_names_stay_in_the_house_where_that_is_wanted(starter: Starter) -> None:
    for verb in (("list",), ("due", "--within", "999w"), ("attention",), ("hold", "list"), ("reviews",)):
        for form in ((), ("--json",), ("--csv",)):
            with_names, without = starter(*verb, *form), starter(*verb, *form, "--no-names")
            assert any(name in with_names.out for name in NAMES), (verb, form)
            assert not [name for name in NAMES if name in without.out], (verb, form)
            assert without.code == 0


def test_csv_has_the_fields_of_json(starter: Starter) -> None:
    for verb in (("list",), ("due", "--within", "999w"), ("attention",), ("hold", "list"), ("reviews",)):
        document, rows = documents(starter(*verb, "--json")), rows_of(starter(*verb, "--csv"))
        assert len(rows) == len(document) > 0, verb
        assert list(rows[0]) == list(document[0]), verb
    for flags in (("--json", "--csv"), ("--csv", "--json")):
        refused = starter("list", *flags)
        assert refused.code == 2
        assert "--json and --csv cannot both be given" in refused.err


def test_limits_sorts_and_filters(starter: Starter, lives: list[Lived]) -> None:
    certified = [life.who.candidate_id for life in lives if life.state.certificate]
    by_expiry = documents(starter("list", "--json", "--expires-since", "2024-01-01", "--sort", "expires"))
    assert [one["expires_on"] for one in by_expiry] == sorted(one["expires_on"] for one in by_expiry)
    assert sorted(one["candidate_id"] for one in by_expiry) == sorted(certified)
    assert len(documents(starter("list", "--json", "--limit", "3"))) == 3
    (one,) = documents(starter("list", "P-007", "--json"))
    assert one["candidate_id"] == "P-007"
    assert documents(starter("list", "--json", "--certified-until", "2023-12-31")) == []


@each(
    ("arguments", "told"),
    [
        (("list", "--vendor", "Prometrik Limited"), f"did you mean {VENDOR}?"),
        (("list", "--vendor", "nobody at all"), "no vendor by this name"),
        (("list", "--name", "..."), "has no letter"),
        (("due", "--live", "--name", "Ana"), "only the record can answer --name"),
        (("list", "--live", "--vendor", VENDOR), "only the record can answer --vendor"),
        (("list", "--query", "a = 1", "--hold-reason", "unscored"), "only the record can answer --hold-reason"),
        (("list", "--hold-reason", "bad luck"), "before-purchase"),
        (("list", "--certified-since", "31/12/2026"), "write it like 2026-11-22"),
        (("list", "--expires-since", "2030-01-01", "--expires-until", "2029-01-01"), "is after --expires-until 2029"),
        (("due", "--certified-since", "2030-01-01", "--certified-until", "2029-12-31"), "is after --certified-until"),
        (("summary", "--by", "year", "--live"), "only the record can answer --by"),
        (("summary", "--by", "year", "--counts"), "--counts does not go with --by"),
        (("summary", "--since", "2026-02-01", "--until", "2026-01-01"), "is after --until 2026-01-01"),
        (("summary", "--since", "2199-01-01"), "--since 2199-01-01 is after today, "),
        (("due", "--status", "expired"), "nothing due"),
    ],
)
def test_bad_flags_are_code_2(arguments: tuple[str, ...], told: str, starter: Starter) -> None:
    ended = starter(*arguments)
    assert (ended.code, told in ended.err) == (2, True), ended.err


# --- due, attention, reviews


def test_due_has_every_alarm_of_the_span(starter: Starter, lives: list[Lived]) -> None:
    expected = Counter(
        (life.who.candidate_id, one.what, one.border)
        for life in lives
        if not life.state.closed
        for one in status_view(life.state, "", life.events[-1].at).upcoming
    )
    found = documents(starter("due", "--within", "9999w", "--json"))
    assert Counter((one["candidate_id"], one["what"], one["border"]) for one in found) == expected
    borders = documents(starter("due", "--within", "9999w", "--deadlines", "--json"))
    assert Counter((one["candidate_id"], one["what"], one["border"]) for one in borders) == Counter(
        {key: number for key, number in expected.items() if key[2]}
    )
    days = [(not one["overdue"], one["day"]) for one in found]
    assert days == sorted(days)


def test_attention_has_every_case_of_an_open_candidacy(starter: Starter, lives: list[Lived]) -> None:
    expected = Counter(
        (life.who.candidate_id, matter.attention)
        for life in lives
        if not life.state.closed
        for matter in status_view(life.state, "", life.events[-1].at).matters
    )
    found = documents(starter("attention", "--json"))
    assert Counter((one["candidate_id"], one["attention"]) for one in found) == expected
    kinds = documents(starter("attention", "--kind", "refused-message", "--json"))
    assert {one["kind"] for one in kinds} == {"refused-message"}


def test_holds_are_found_by_their_reason_and_their_vendor(starter: Starter) -> None:
    held = documents(starter("hold", "list", "--json", "--vendor", VENDOR.lower()))
    assert [one["result_id"] for one in held] == ["H-9"]
    assert {(tuple(one["reasons"]), one["vendor"]) for one in held} == {(("flag-contradicts-score",), VENDOR)}
    unscored = documents(starter("attention", "--json", "--hold-reason", "unscored"))
    assert {tuple(one["reasons"]) for one in unscored} == {("unscored",)}
    assert len(documents(starter("hold", "list", "--json"))) > len(held) + len(unscored)
    for flags in (("--vendor", VENDOR), ("--hold-reason", "flag-contradicts-score")):
        for_people, for_machines = starter("hold", "list", *flags), documents(starter("hold", "list", *flags, "--json"))
        assert "held-result:H-9" in for_people.out
        assert for_people.err.startswith(f"{len(for_machines)} case")


def test_reviews_are_those_of_the_open_candidacies(starter: Starter, lives: list[Lived]) -> None:
    expected = {
        life.who.candidate_id
        for life in lives
        if not life.state.closed and "review-waiting" in map(str, life.state.attention)
    }
    assert {one["candidate_id"] for one in documents(starter("reviews", "--json"))} == expected


# --- summary


def test_summary_counts_everybody_also_closed_ones(starter: Starter, lives: list[Lived]) -> None:
    document = documents(starter("summary", "--json"))
    assert (document["total"], document["asked"], document["left_out"], document["adds_up"]) == (
        len(lives),
        len(lives),
        0,
        True,
    )
    assert {one["status"] for one in document["counts"]} >= {"expired", "withdrawn", "certified", "testing"}
    assert document["certification"]["certified"] == sum(life.state.certificate is not None for life in lives)
    record = document["record"]
    assert record["open"] == sum(life.state.closed is None for life in lives)
    assert (record["open_at_temporal"], record["position"]) == (None, sum(len(life.events) for life in lives))
    figures = Counter(row["figure"] for row in rows_of(starter("summary", "--csv")))
    assert figures["count"] == len(document["counts"])
    assert figures["pass_rate"] == len(document["pass_rates"])
    table = starter("summary")
    assert "From registration to certification" in table.out
    assert documents(starter("summary", "--counts", "--json"))["pass_rates"] is None


def test_summary_by_year_has_a_period_for_each(starter: Starter, lives: list[Lived]) -> None:
    document = documents(starter("summary", "--since", "2024-02-01", "--until", "2026-06-30", "--by", "year", "--json"))
    periods = document["periods"]
    assert [(one["since"], one["until"]) for one in periods] == [
        ("2024-02-01", "2024-12-31"),
        ("2025-01-01", "2025-12-31"),
        ("2026-01-01", "2026-06-30"),
    ]
    assert sum(periods[0]["registered"].values()) == len(lives)
    closed = sum(life.state.closed in CLOSED for life in lives)
    later = documents(starter("summary", "--since", "2024-01-01", "--json"))["periods"]
    assert len(later) == 1
    assert 0 < sum(later[0]["closed"].values()) <= closed
    table = starter("summary", "--by", "quarter").out
    assert table.splitlines()[0].split()[:3] == ["from", "until", "registered"]
    rows = rows_of(starter("summary", "--since", "2024-01-01", "--csv"))
    (median,) = [one["value"] for one in rows if one["figure"] == "median_days"]
    header, row = (re.split(r"  +", line) for line in starter("summary", "--since", "2024-01-01").out.splitlines()[:2])
    assert row[header.index("days from purchase")] == median
    figures = {row["figure"] for row in rows_of(starter("summary", "--by", "month", "--csv"))}
    assert figures >= {"registered", "certified", "closed", "taken", "pass_rate", "median_days_from_registration"}


# --- how far it is behind


def test_without_temporal_the_record_answers_and_says_that_it_may_be_behind(starter: Starter) -> None:
    ended = starter("list", "--json", "--limit", "1")
    assert ended.code == 0
    assert "Its newest event is of 2024-" in ended.err
    assert f"How far it is behind is not known: Temporal cannot be reached at {NOBODY}" in ended.err


def test_a_temporal_that_says_nothing_holds_nobody_up(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.behind._PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{silent.getsockname()[1]}")
        ended = starter("list", "--json", "--limit", "1")
    assert (ended.code, len(json.loads(ended.out))) == (0, 1)
    assert "How far it is behind is not known: Temporal does not answer." in ended.err


def test_settings_of_temporal_that_cannot_be_read_spoil_no_answer(
    starter: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporal.toml").write_text("[broken")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "temporal.toml"))
    ended = starter("summary", "--json")
    assert (ended.code, json.loads(ended.out)["record"]["open_at_temporal"]) == (0, None)
    assert "temporal.toml" in ended.err


def test_without_a_record_temporal_is_asked(tmp_path: Path, starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", f"sqlite:///{tmp_path / 'none.db'}")
    for verb in ("list", "due", "attention", "reviews", "summary"):
        ended = starter(verb, "--json")
        assert (ended.code, json.loads(ended.out)["error"]["kind"]) == (3, "unreachable")
        assert f"There is no record in {tmp_path / 'none.db'} yet" in ended.err
        assert "Temporal is asked instead" in ended.err
    only = starter("list", "--expires-until", "2027-01-01", "--json")
    assert (only.code, json.loads(only.out)["error"]["kind"]) == (3, "no-record")


def test_a_record_that_cannot_be_read_is_an_error_that_names_the_other_way(
    tmp_path: Path, starter: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", f"postgresql://certpath@/certpath?host={tmp_path}")
    ended = starter("due", "--json")
    assert (ended.code, json.loads(ended.out)["error"]["kind"]) == (3, "no-record")
    assert "--live" in ended.err
