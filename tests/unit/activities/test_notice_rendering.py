"""Every notice as its reader gets it."""

from pathlib import Path

import pytest

from activities.rendering import TEMPLATES, Renderer, TemplateFault, reflowed
from domain import events as e
from domain.events import BaseEvent
from domain.notices import WITH_NOTICE, notice_of
from tests.cases import each
from tests.unit.activities.notice_samples import EVENTS, facts, kebab


def render(event: BaseEvent, **changes: object) -> tuple[str, str]:
    return Renderer().render(kebab(event), "Ana Ruiz", facts(event, **changes))


def only(kind: type[BaseEvent], index: int = 0) -> BaseEvent:
    return [event for event in EVENTS if type(event) is kind][index]


# On the advancement path there are no results, and so no attempts that could be used up.
NOT_ON_THE_ADVANCEMENT_PATH = (e.ResultEvent, e.SettlementStarted)
STANDARD = [(event, "standard") for event in EVENTS]
ADVANCING = [(event, "advancement") for event in EVENTS if not isinstance(event, NOT_ON_THE_ADVANCEMENT_PATH)]


@each(("event", "path"), STANDARD + ADVANCING)
def test_every_notice_reads_well_on_each_path(event: BaseEvent, path: str) -> None:
    subject, text = render(event, path=path)
    assert 10 < len(subject) < 100
    assert text.startswith("Dear Ana Ruiz,\n\n")
    assert "Designation: CIAC-Certified Strategic Leader (CCSL)" in text
    assert "info@ciac-cert.org | www.ciac-cert.org" in text
    assert "Days: in the time zone America/Chicago" in text
    assert all(len(line) <= 76 for line in text.splitlines())
    if path == "advancement":
        told = f"{subject} {text}".lower()
        assert not any(word in told for word in ("testing", "attempt", "test center", "taken or submitted"))
    for trace in (
        "None",
        "{",
        "}",
        "undefined",
        "\n\n\n",
        "people-management",
        "2028-11",
        "2027-03",
        " ,",
        " .",
        "  a",
    ):
        assert trace not in subject + text, f"{trace!r} in {text}"


def test_every_event_that_is_told_has_its_template_and_no_other_is_there() -> None:
    templates = {path.name.removesuffix(".txt.j2") for path in TEMPLATES.glob("[a-z]*.j2")}
    assert templates == {notice_of(kind) for kind in WITH_NOTICE}
    assert {type(event) for event in EVENTS} == set(WITH_NOTICE)


def test_the_purchase_notice_tells_of_the_self_assessments_and_the_window() -> None:
    subject, text = render(only(e.PurchaseConfirmed))
    assert "22 November 2028" in subject
    words = " ".join(text.split())
    for part in (
        "one per domain",
        "encourage",
        "free of charge from now on",
        "never count",
        "that last day included",
    ):
        assert part in words
    assert "self-assessment" not in render(only(e.PurchaseConfirmed), path="advancement")[1]


def test_a_score_is_truncated_never_rounded_up() -> None:
    assert "81.55 %" in render(only(e.AssessmentPassed))[1]
    assert "74.50 %" in render(only(e.AssessmentFailed))[1]


def test_a_failure_tells_what_can_come_next() -> None:
    text = " ".join(render(only(e.AssessmentFailed))[1].split())
    assert "You have 2 attempts left and may take the next one from 4 April 2027." in text
    assert "Your testing window runs to 22 November 2028, that day included." in text
    beyond = render(only(e.AssessmentFailed), deadline="2027-04-01")[1]
    none = render(only(e.AssessmentFailed).model_copy(update={"next_attempt_on": None}))[1]
    for text in (" ".join(beyond.split()), " ".join(none.split())):
        assert "You have 2 attempts left, but the next one would come too late to count" in text
    text = " ".join(render(only(e.AssessmentFailed), deadline="2027-03-04")[1].split())
    assert "Your testing window closed at the end of 4 March 2027, so no further attempt can be taken." in text
    assert "left" not in text
    assert "the last attempt" in render(only(e.AssessmentFailed, 1))[1]


def test_days_are_those_of_the_bodys_zone() -> None:
    # Settlement ends at 06:00 UTC on 7 December, which is 00:00 in Chicago: the 6th is the last day.
    assert "6 December 2028" in render(only(e.TestingWindowClosed))[1]


def test_a_reminder_after_expiry_says_so() -> None:
    assert "expires at the end of" in render(only(e.ReminderDue, 1))[1]
    assert "You are not certified" in render(only(e.ReminderDue, 2))[1]


def test_what_is_missing_is_listed_and_nothing_where_nothing_is() -> None:
    event = only(e.AssessmentPassed)
    assert "- the work product" in render(event)[1]
    text = render(event, missing=[])[1]
    assert "Still to come" not in text
    assert "last requirement" in text


def test_a_persons_words_stay_apart_and_are_never_a_template() -> None:
    event = only(e.Suspended).model_copy(update={"reason": "{{ body }} {% raw %}\nDear all,\n\n- not ours"})
    text = render(event)[1]
    assert "> {{ body }} {% raw %}\n> Dear all,\n>\n> - not ours" in text


FORGING = "INV\u2028\u2028FORGED\u2029- FORGED\nFORGED\r\n\r\nFORGED\x0b\x0cFORGED\x85\x1b[31mFORGED\u202e"
FROM_OUTSIDE = {"reference", "submission_id", "reviewer", "comments", "reason", "by", "approved_by", "explanation"}


@each("event", EVENTS)
def test_no_text_from_outside_begins_a_line_of_its_own(event: BaseEvent) -> None:
    given = facts(event, candidate_id=FORGING)
    hostile = {field: FORGING if field in FROM_OUTSIDE and value else value for field, value in given["event"].items()}
    subject, text = Renderer().render(kebab(event), FORGING, {**given, "event": hostile})
    assert "\n" not in subject
    assert "FORGED" in text
    for paragraph in text.split("\n\n"):
        assert not paragraph.startswith(("FORGED", "- FORGED", "[31mFORGED"))
    assert not set(text) & set("\u2028\u2029\r\x0b\x0c\x85\x1b\u202e")
    plain = Renderer().render(kebab(event), "Ana Ruiz", given)[1]
    unquoted = [block for block in text.split("\n\n") if ">" not in block]
    assert len(unquoted) == len([block for block in plain.split("\n\n") if ">" not in block])


@each(("by", "told"), [(None, "As you asked, your candidacy"), ("Kim Stone", "Our office has withdrawn")])
def test_a_withdrawal_by_the_office_is_not_told_as_the_persons_own(by: str | None, told: str) -> None:
    closed = next(event for event in EVENTS if isinstance(event, e.CandidacyClosed) and event.status == "withdrawn")
    _, text = render(closed.model_copy(update={"by": by}))
    assert told in text
    assert "Kim Stone" not in text


def test_paragraphs_are_filled_lists_and_quotes_kept() -> None:
    long = "word " * 30
    text = reflowed(f"{long}\n{long}\n\n\n- {long}\nmore\n- two\n> {long}\n: kept\n: apart\n")
    assert text.count("\n\n") == 1
    assert "\n  word" in text
    assert "more\n- two\n> word" in text
    assert "\n> word" in text
    assert text.endswith("\nkept\napart\n")


@each("notice", ["nothing-known", "_layout", "../notices", "registered.txt", "", "a/b"])
def test_an_unknown_notice_is_a_fault_of_the_templates(notice: str) -> None:
    with pytest.raises(TemplateFault):
        Renderer().render(notice, "Ana Ruiz", facts(EVENTS[0]))


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("Subject: x\n\n{{ event.nothing }}", "nothing"),
        ("Subject: x\n\n{{ nothing }}", "'nothing' is undefined"),
        ("Subject: x\n\n{% if %}", "line 3"),
        ("Subject: x\n\n{{ candidate_id | day }}", "ValueError"),
        ("Subject: x\n\n{{ 1 / 0 }}", "ZeroDivisionError"),
        ("no subject", "Subject"),
        ("Subject: x\nno blank line", "Subject"),
    ],
)
def test_a_broken_template_says_what_and_a_mended_one_is_used_at_once(
    tmp_path: Path, template: str, words: str
) -> None:
    (tmp_path / "_layout.txt.j2").write_text("{{ name }}: {{ text }}")
    broken = tmp_path / "registered.txt.j2"
    broken.write_text(template)
    renderer = Renderer(tmp_path)
    with pytest.raises(TemplateFault) as caught:
        renderer.render("registered", "Ana Ruiz", facts(EVENTS[0]))
    assert words in str(caught.value)
    assert "C-1001" not in str(caught.value)
    broken.write_text("Subject:  a  b\n\ngood")
    assert renderer.render("registered", "Ana Ruiz", facts(EVENTS[0])) == ("a b", "Ana Ruiz: good\n")
