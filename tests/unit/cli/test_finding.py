"""Flags, sorting and writing of the finding verbs, and what they add up to: the parts that need no process."""

import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest

from cli import advice, counting, exits, figures, filters, main, options, output, tables
from cli.figures import Rates, Summary
from cli.printing import Printing
from cli.verbs import attention, due, reviews, timeline
from cli.verbs import list as list_verb
from cli.verbs.list import Listed
from client import scheme
from client.list_language import Filter
from client.payloads import instant
from domain.commands import ReportUndeliverable
from domain.vocabulary import Status, UndeliveredCause
from tests.cases import each
from tests.unit.cli.parsing import parsed, payload_of
from tests.unit.domain.builders import Candidacy
from tests.unit.entries import entry
from views import words
from views.details import details
from views.entries import TimelineEntry
from views.standing import status_view
from views.status import StatusView

JSON = Printing(as_json=True)


def wanted(*arguments: str, verb: str = "list") -> Filter:
    """The filter of these flags."""
    given = parsed(verb, *arguments).params
    return filters.filter_of(
        filters.Filters(**{name: given[name] for name in filters.Filters._fields if name in given})
    )


def answer(**fields: Any) -> StatusView:
    """The answer of a query with these fields."""
    return StatusView.parse({"candidate_id": "C-1", "designation": "CCSL", "status": "testing", **fields})


def listed(candidate: str, **changes: Any) -> Listed:
    """A candidacy of Temporal's list, with these changes."""
    return Listed.of_entry(entry(candidate, **changes))


# --- filters


def test_flags_become_a_filter() -> None:
    assert wanted() == Filter()
    flags = ("--status", "testing", "--status", "grace", "--designation", "CCSL", "--attention", "--due-within", "30d")
    assert wanted(*flags, "--query", "AssessmentsPassed >= 3") == Filter(
        statuses=("testing", "grace"),
        designations=("CCSL",),
        attention=True,
        due_within=timedelta(days=30),
        raw="AssessmentsPassed >= 3",
    )


def test_a_flag_that_a_verb_does_not_have_is_not_given() -> None:
    assert wanted("--status", "testing", verb="attention") == Filter(statuses=("testing",))


@each("value", ["nonsense", "testing' OR CandidateId != '", ""])
def test_an_unknown_status_is_answered_with_the_flag_and_all_of_them(value: str) -> None:
    with pytest.raises(exits.BadInput) as caught:
        wanted("--status", value)
    assert caught.value.sentence == f"--status: {value} is none of {', '.join(Status)}."


def test_an_unknown_designation_is_answered_with_the_flag_and_all_of_them() -> None:
    with pytest.raises(exits.BadInput, match=r"^--designation: CCXX is none of CCSL, CCOM, CCMA, CCMC\.$"):
        wanted("--designation", "CCXX")


@each("text", ["", "  ", "a = 1)", "a = 1) OR (b = 2", "(a = 1", "a = ')' )"])
def test_a_list_filter_stays_between_its_parentheses(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        wanted("--query", text)
    assert "--query" in refused.value.format_message()


@each(
    ("text", "told"),
    [
        ("30", "write a number"),
        ("d", "write a number"),
        ("-3d", "write a number"),
        ("3 months", "write a number"),
        ("99999999999d", "is too long: at most 9999d"),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, told: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        wanted("--due-within", text)
    assert told in refused.value.format_message()
    assert options.span("2w") == timedelta(weeks=2)


# --- sorting


def test_what_has_no_value_stands_last_either_way() -> None:
    known = [
        listed("C-1"),
        listed("C-2", next_deadline="2027-01-01T00:00:00Z"),
        listed("C-3", next_deadline="2026-12-01T00:00:00Z"),
    ]
    assert [one.candidate_id for one in list_verb.ordered(known, "deadline", reverse=False)] == ["C-3", "C-2", "C-1"]
    assert [one.candidate_id for one in list_verb.ordered(known, "deadline", reverse=True)] == ["C-2", "C-3", "C-1"]


def test_statuses_are_sorted_as_a_life_goes() -> None:
    statuses = list(Status)
    known = [listed(status, status=status) for status in sorted(statuses)]
    assert [one.status for one in list_verb.ordered(known, "status", reverse=False)] == statuses


# --- written while there is more to come


@pytest.mark.parametrize("number", [0, 1, 199, 200, 201, 450])
def test_an_array_is_one_document_however_long(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    array = output.Array()
    for one in range(number):
        array.add({"number": one, "lines": "a\nb"})
    array.end()
    assert json.loads(capsys.readouterr().out) == [{"number": one, "lines": "a\nb"} for one in range(number)]


@pytest.mark.parametrize("number", [0, 1, 199, 200, 201, 450])
def test_rows_stay_aligned_and_whole_however_many(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tables.Rows(("first", "second"))
    for one in range(number):
        rows.add((f"{one:03}", "long " * 20 if one == 300 else "x"))
    rows.end()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "first  second"
    assert [line.split()[0] for line in lines[1:]] == [f"{one:03}" for one in range(number)]
    assert all(line[7:].strip() == ("long " * 20).strip() for line in lines if "long" in line)
    assert {line.index("x") for line in lines[1:] if line.endswith("x")} <= {7}


def test_groups_share_their_columns(capsys: pytest.CaptureFixture[str]) -> None:
    tables.groups(("a", "b"), [("one", [("x", "1")]), ("two", [("longer", "2"), ("y", "3")])])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["  a       b", "", "one", "  x       1", "", "two", "  longer  2", "  y       3"]


# --- attention


def held(**changes: Any) -> StatusView:
    return StatusView.parse(held_answer(**changes))


def held_answer(**changes: Any) -> dict[str, Any]:
    matter = {"attention": "held-result:R 9", "since": "2026-11-20T00:00:00Z", "what": "too early", "advice": "decide"}
    return {
        "candidate_id": "C-1",
        "designation": "CCOM",
        "status": "testing",
        "path": "standard",
        "attention": ["held-result:R 9"],
        "matters": [matter],
        "work_product": {"required": True, "status": "submitted", "submission_id": "W-1"},
        "recertification": None,
        **changes,
    }


def filled(command: str) -> list[str]:
    """The arguments of a copied command, each gap filled in."""
    program, *words = shlex.split(command)
    assert program == "./starter.py"
    # A gap with choices is filled with the first of them.
    return [re.sub(r"<(\w+)[^>]*>", r"\1", word) for word in words]


@each("kind", [*advice.KINDS, "of-a-newer-engine"])
def test_every_command_is_one_that_exists(kind: str) -> None:
    value = f"{kind}:R 9" if kind == advice.HELD else kind
    words = filled(advice.command(held(), value))
    given = parsed(*words).params
    assert given["candidate"] == "C-1"
    assert given.get("attention", value) == value
    if words[0] not in ("status", "timeline"):
        payload_of(*words)


@pytest.mark.parametrize("status", [held(), held(recertification={"status": "submitted", "submission_id": "E-1"})])
@pytest.mark.parametrize("kind", [*advice.KINDS, "of-a-newer-engine"])
def test_a_command_is_refused_as_long_as_it_has_a_gap(
    kind: str, status: StatusView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.scheme.titles", dict)
    command = shlex.split(advice.command(status, kind))[1:]
    gaps = [place for place, word in enumerate(command) if word.startswith("<")]
    assert bool(gaps) == (command[0] != "status" or "<designation>" in command)
    for gap in gaps:
        # The others filled in: each alone must be enough.
        full = filled(advice.command(status, kind))
        pasted = [word if place == gap else full[place] for place, word in enumerate(command)]
        refused = main.captured(pasted)
        assert refused.code == 2
        assert command[gap] in refused.err


def test_a_word_is_a_gap_only_as_a_whole() -> None:
    assert [
        word for word in ("<who>", "<a long one>", "…", "", "a <b>", "Pat…", "1 < 2 > 0") if advice.is_gap(word)
    ] == [
        "<who>",
        "<a long one>",
        "…",
    ]


def test_the_advice_names_the_verbs_of_the_command_line() -> None:
    told = {str(kind): advice.in_verbs(text) for kind, (text, _, _) in words.ATTENTION.items()}
    assert told["held-result"].startswith("decide with `hold resolve` (")
    assert told["notice-undeliverable"] == "correct the e-mail address with `contact`, or `acknowledge`"
    assert not [text for text in told.values() for word in re.findall(r"`(\w+)`", text) if "_" in word]


@each(
    ("cause", "advised", "command"),
    [
        ("refused", "correct the e-mail address", "contact C-1001 CCSL --email"),
        ("too-late", "tell the people who run the worker", "acknowledge C-1001 CCSL --attention notice-undeliverable"),
        ("too-many", "nothing is wrong with the e-mail address", "acknowledge C-1001 CCSL"),
    ],
)
def test_the_advice_for_an_undelivered_notice_fits_its_cause(cause: str, advised: str, command: str) -> None:
    """R20: of a notice that was given up in a flood, nobody is to correct the address."""
    candidacy = Candidacy()
    candidacy.send(ReportUndeliverable(notice="registered", about=1, reason="no", cause=UndeliveredCause(cause)))
    status = status_view(candidacy.state, "Ana Ruiz", candidacy.clock)
    (case,) = advice.cases(status)
    assert (case.what, case.since) == (
        "the notice 'registered' (event 1 of `timeline`) was not delivered: no",
        candidacy.clock,
    )
    assert advised in case.advice
    assert command in case.command
    message = "update_contact" if cause == "refused" else "acknowledge"
    assert f"To send: `{message}`" in details(candidacy.state, candidacy.clock)
    candidacy.say("acknowledge", attention="notice-undeliverable", by="B. Oss")
    assert candidacy.state.undelivered == ()


def test_a_review_of_evidence_is_told_from_one_of_a_work_product() -> None:
    assert "work-product review C-1 CCOM --submission-id W-1" in advice.command(held(), "review-waiting")
    evidence = held(recertification={"status": "submitted", "submission_id": "E-1; rm -rf"})
    command = advice.command(evidence, "review-waiting")
    assert "recertify review C-1 CCOM --submission-id 'E-1; rm -rf'" in command
    assert "--verdict '<approved|returned>'" in command
    assert parsed(*filled(command)).params["submission_id"] == "E-1; rm -rf"


def test_the_designations_beside_are_those_of_the_scheme() -> None:
    assert advice.command(held(), "lower-not-in-force") == "./starter.py status C-1 CCMA"
    assert advice.command(held(designation="CCMC"), "advancement-refused") == "./starter.py status C-1 CCSL"


def test_an_older_worker_knows_the_values_alone() -> None:
    status = held_answer()
    del status["matters"]
    (case,) = advice.cases(StatusView.parse(status))
    assert (case.attention, case.kind, case.result_id) == ("held-result:R 9", advice.HELD, "R 9")
    assert "`hold resolve`" in case.advice
    assert (case.since, case.what) == (None, None)


def test_a_value_of_a_newer_engine_is_shown_with_what_can_always_be_done() -> None:
    value = "of-a-newer-engine:R-1"
    newer = {"attention": value, "since": None, "what": "something new", "advice": "do `acknowledge`"}
    (case,) = advice.cases(held(attention=[value], matters=[newer]))
    assert (case.attention, case.kind, case.result_id) == (value, value, None)
    assert case.command == f"./starter.py acknowledge C-1 CCOM --attention {value} --by '<who>'"


def test_only_those_are_asked_that_may_have_such_a_matter() -> None:
    holds = attention.Found(("held-result",))
    assert holds.wants(entry(needs_attention=("refused-message", "held-result:R-1")))
    assert not holds.wants(entry(needs_attention=("refused-message",)))
    # So many are published, and no more: the rest is only in the answer.
    assert holds.wants(entry(needs_attention=("refused-message",) * 20))
    assert holds.wants(entry(needs_attention=("of-another-kind:" + "x" * 300,)))
    assert attention.Found(()).wants(entry(needs_attention=("anything",)))


def test_the_longest_waiting_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    found = attention.Found(())
    found.add(held(candidate_id="C-2", matters=[held_answer()["matters"][0] | {"since": None}]))
    found.add(held(candidate_id="C-3", matters=[held_answer()["matters"][0] | {"since": "2026-11-21T00:00:00Z"}]))
    found.add(held())
    assert found.show(JSON) == 0
    assert [one["candidate_id"] for one in json.loads(capsys.readouterr().out)] == ["C-1", "C-3", "C-2"]


def test_held_results_are_listed_under_hold_too() -> None:
    context = parsed("hold", "list", "C-1", "CCSL", "--json")
    assert context.command is attention.hold_list
    assert (context.params["candidate"], context.params["of"], context.params["as_json"]) == ("C-1", "CCSL", True)
    assert parsed("attention").params["kind"] == ()


# --- due

NOW = datetime.now(UTC).replace(microsecond=0)


def ring(days: float, what: str, *, border: bool) -> dict[str, Any]:
    at = NOW + timedelta(days=days)
    return {"on": "2000-01-01", "at": instant(at), "what": what, "why": "so", "border": border}


def test_what_is_due_is_taken_from_all_alarms_of_the_span(capsys: pytest.CaptureFixture[str]) -> None:
    found = due.Found(scheme.facts(), timedelta(days=7))
    alarms = [ring(-2, "late", border=True), ring(1, "soon", border=False), ring(8, "later", border=True)]
    found.items.extend(found.answered(entry(), answer(upcoming=alarms)))
    assert found.show(JSON) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(one["what"], one["overdue"], one["border"]) for one in shown] == [
        ("late", True, True),
        ("soon", False, False),
    ]
    columns = ["day", "at", "candidate_id", "name", "designation", "status", "what", "why", "border", "overdue"]
    assert list(shown[0]) == columns
    found.show(Printing())
    out = capsys.readouterr().out
    assert out.index(due.OVERDUE) < out.index("late") < out.index("soon")


def test_a_question_that_is_asked_again_each_day_is_due_today_and_not_overdue() -> None:
    found = due.Found(scheme.facts(), timedelta(days=7))
    asked = ring(-60, "the lower certificate is asked to give way", border=False) | {"kind": "lower"}
    (item,) = found.answered(entry(), answer(upcoming=[asked]))
    assert (item.day, item.overdue) == (scheme.facts().day_of(NOW), False)


def test_nothing_found_is_an_empty_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert due.Found(scheme.facts(), timedelta(days=7)).show(JSON) == 0
    assert json.loads(capsys.readouterr().out) == []
    cancelled = attention.Found(("cancel-refused",))
    cancelled.add(held())
    assert cancelled.show(JSON) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_the_day_of_a_border_is_the_last_day_before_it() -> None:
    found = due.Found(scheme.facts(), timedelta(days=90_000))
    midnight = {"at": "2098-11-23T06:00:00Z", "what": "the window closes", "on": "2098-11-22"}
    border, alarm = (
        next(iter(found.answered(entry(), answer(upcoming=[midnight | {"border": kind}])))) for kind in (True, False)
    )
    assert (str(border.day), str(alarm.day)) == ("2098-11-22", "2098-11-23")


def test_an_older_worker_tells_its_next_alarm_and_the_deadline_is_published() -> None:
    found = due.Found(scheme.facts(), timedelta(days=7))
    deadline = NOW + timedelta(days=3)
    soon = str((NOW + timedelta(days=1)).date())
    status = answer(next={"on": soon, "what": "reminder", "why": "rule 5"})
    items = list(found.answered(entry(next_deadline=instant(deadline)), status))
    assert [(item.what, item.border) for item in items] == [
        ("reminder", None),
        ("the testing window closes, or a revised work product is due", True),
    ]


def test_every_open_status_has_a_word_for_its_deadline() -> None:
    unnamed = words.StatusWords("").deadline
    assert not [status for status in Status if not status.closed and words.STATUSES[status].deadline == unnamed]


def test_a_closed_candidacy_has_nothing_due() -> None:
    refused = main.captured(["due", "--status", "withdrawn"])
    assert (refused.code, "withdrawn" in refused.err) == (2, True)


# --- summary


def counted(*people: dict[str, Any]) -> Rates:
    rates = Rates(scheme.facts())
    for one in people:
        rates.add(answer(**one))
    return rates


def assessed(status: str, attempts: int, **more: Any) -> dict[str, Any]:
    return {"assessments": {"people-management": {"status": status, "attempts": attempts}}, **more}


def test_rates_rest_on_used_attempts_and_are_never_rounded_up() -> None:
    rates = counted(
        assessed("passed", 1), assessed("passed", 2), assessed("open", 1), assessed("open", 0), {"assessments": {}}
    )
    (rate,) = (figures.rate(domain, tally) for domain, tally in rates.domains.items())
    assert rate == {
        "domain": "people-management",
        "attempted": 3,
        "passed": 2,
        "pass_rate": "66.66",
        "passed_first": 1,
        "first_rate": "33.33",
    }
    assert rates.asked == 5
    assert figures.percentage(0, 0) is None
    assert figures.percentage(1, 1) == "100.00"


def test_the_time_to_certification_is_counted_in_days_of_the_body() -> None:
    def certified(purchased_at: str, on: str) -> dict[str, Any]:
        return {"purchased_at": purchased_at, "certificate": {"certified_on": on}}

    # Shortly after midnight UTC it is still the day before in Chicago.
    late = certified("2026-11-02T01:00:00Z", "2026-11-11")
    assert figures.middle(counted(late).days) == 10
    assert figures.middle(counted(late, certified("2026-11-02T15:00:00Z", "2026-11-03")).days) == 5.5
    assert figures.middle(counted().days) is None


@pytest.mark.parametrize(
    ("number", "told"), [(1, "the one candidacy that was asked"), (2, "the 2 candidacies that were")]
)
def test_one_candidacy_is_not_spoken_of_as_many(number: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    Summary({}, counted(*[assessed("open", 0)] * number), adds_up=True).show()
    assert told in capsys.readouterr().err


# --- timeline


def test_events_are_chosen_by_day_and_type(capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        TimelineEntry.of(0, "2026-11-01T00:00:00Z", "Older", "3 older events are not carried"),
        TimelineEntry.of(4, "2026-11-02T03:00:00Z", "Registered", "x"),
        TimelineEntry.of(5, "2026-11-02T07:00:00Z", "AssessmentPassed", "x"),
    ]
    since = parsed("timeline", "C-1", "CCSL", "--since", "2026-11-02").params["since"]
    # 03:00 UTC is still the evening before in Chicago.
    assert [event.sequence for event in timeline.chosen(events, since, ())] == [5]
    assert "3 older events" in capsys.readouterr().err
    types = parsed("timeline", "C-1", "CCSL", "--type", "Registered", "--type", "Certified").params["types"]
    assert [event.sequence for event in timeline.chosen(events, None, types)] == [4]


@each(
    ("name", "told"),
    [("AssesmentPassed", "AssessmentPassed"), ("assessment_passed", "AssessmentPassed"), ("Zzz", "contract.md")],
)
def test_an_event_that_does_not_exist_is_answered_with_the_likely_one(name: str, told: str) -> None:
    with pytest.raises(exits.BadInput, match=told):
        timeline.check_types([name])
    timeline.check_types(["Certified", "CandidacyClosed"])


# --- list and reviews


def test_a_list_shows_the_last_day_and_no_instant_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The deadline of a last day of 22 November is 23 November, 06:00 UTC: a day late, and in another zone."""
    known = scheme.facts()
    found = listed("C-1", next_deadline="2028-11-23T06:00:00Z", opened_at="2026-11-23T03:00:00Z")
    row = list_verb.row(found, known)
    assert "2028-11-22" in row
    assert "2026-11-22" in row, "opened on the evening before, in the body's zone"
    assert not [cell for cell in row if "2028-11-23" in cell]
    document = list_verb.document(found, known)
    assert (document["next_deadline"], document["last_day"]) == ("2028-11-23T06:00:00Z", "2028-11-22")
    assert list_verb.document(listed("C-1"), known)["last_day"] is None
    assert "(no status yet)" in list_verb.row(listed("C-1", status=None), known)


def test_reviews_stand_in_the_order_of_their_arrival(capsys: pytest.CaptureFixture[str]) -> None:
    product = {"status": "submitted", "submission_id": "W-1", "uri": "https://example.org/w", "required": True}
    evidence = {"status": "submitted", "submission_id": "E-1", "activities": 3}
    statuses = [
        held(candidate_id="C-1", work_product={**product, "arrived_at": "2026-11-20T12:00:00Z"}),
        held(candidate_id="C-2", work_product=None, recertification={**evidence, "arrived_at": "2026-11-19T12:00:00Z"}),
        held(candidate_id="C-3", work_product=product),
        held(candidate_id="C-4", work_product={**product, "status": "revise"}),
    ]
    found = [review for status in statuses for review in reviews.under_review(status)]
    assert reviews.show(found, [], Printing(names=False)) == 0
    out, err = capsys.readouterr()
    rows = [line.split("  ") for line in out.splitlines()[1:]]
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["2026-11-19 06:00 CST", "C-2", "CCOM", "evidence", "E-1", "3 activities"],
        ["2026-11-20 06:00 CST", "C-1", "CCOM", "work product", "W-1", "https://example.org/w"],
        ["unknown", "C-3", "CCOM", "work product", "W-1", "https://example.org/w"],
    ]
    assert err == "3 submissions are under review.\n"
    reviews.show([], [], Printing())
    assert capsys.readouterr().err == "Nothing is under review.\n"


def test_counts_that_do_not_add_up_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    Summary({("CCSL", "testing"): 2}, None, adds_up=False).show()
    assert "do not add up" in capsys.readouterr().err
    Summary({("CCSL", "testing"): 2}, None, adds_up=True).show()
    assert "do not add up" not in capsys.readouterr().err


async def test_counts_are_taken_again_while_they_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first count two people are in two statuses, because they were certified while they were counted."""
    answers = iter([5, 3, 3])
    tables_of = iter([{("CCSL", "testing"): 4, ("CCSL", "certified"): 3}, {("CCSL", "testing"): 3}])

    async def count(_client: Any, _wanted: Filter) -> int:
        return next(answers)

    async def counted_once(*_: Any) -> dict[tuple[str, str], int]:
        return next(tables_of)

    monkeypatch.setattr("client.finding.count", count)
    monkeypatch.setattr(counting, "_counted", counted_once)
    client: Any = None
    assert await counting.counts(client, Filter(), ["CCSL"]) == ({("CCSL", "testing"): 3}, True)
