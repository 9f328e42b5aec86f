"""The parts of the command line that need no process: the table of verbs and their help, progress, receipts."""

import errno
import io
import json
import os
import re
import sys

import click
import pytest
from rich.progress import Progress as Bar

from cli import confirming, everyday, exits, main, output, progress, sending, tables
from cli.card_lines import Row
from client.candidacy import Candidacy
from client.receipts import Receipt
from domain.commands import BETWEEN_WORKFLOWS, MESSAGES
from tests.cases import each
from tests.unit.cli.parsing import help_of, parsed


def test_the_messages_of_the_command_line_are_those_of_the_domain() -> None:
    assert set(everyday.MESSAGES) == set(MESSAGES) - {kind.message for kind in BETWEEN_WORKFLOWS}


@each("words", main.VERBS)
def test_every_verb_of_the_table_is_a_command_of_that_name(words: str) -> None:
    command = main.VERBS[words].command(words)
    assert command.name == words.split()[-1]
    assert command.callback is not None


@each("words", main.VERBS)
def test_the_words_of_a_verb_alone_lead_to_it(words: str) -> None:
    command: click.Command | None = main.Verbs()
    left = words.split()
    while isinstance(command, main.Verbs) and left:
        _, command, left = command.resolve_command(click.Context(command), left)
    assert command is not None
    assert (command.help, left) == (main.VERBS[words].command(words).help, [])


@each("words", [*main.VERBS, *main.GROUPS])
def test_every_help_calls_the_program_as_it_is_called_here(words: str) -> None:
    usage, _, text = help_of(words).partition("\n\n")
    assert usage.startswith(f"Usage: starter.py {words} ")
    assert re.findall(r"(?<!\./)starter\.py.*", text) == []


def test_the_help_of_all_has_every_verb_with_its_line() -> None:
    text = " ".join(help_of("").split())
    for words, line in main.VERBS.items():
        told = main.GROUPS.get(words.split()[0]) or line.help
        shown = words.split()[0] if words.split()[0] in main.GROUPS else words
        assert f"{shown} {told}" in text
    assert "exit codes: 0 done" in text
    assert all(line.help in help_of("hold") for words, line in main.VERBS.items() if words.startswith("hold "))


@each("words", ["", *main.VERBS])
def test_every_help_says_what_each_exit_code_means(words: str) -> None:
    _, _, text = help_of(words).partition("\nexit codes: ")
    there = [value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)]
    assert [int(code) for code in re.findall(r"(?:^|;\s)(\d+) ", text)] == sorted(there)


def test_what_a_verb_is_also_called_leads_to_verbs_that_exist() -> None:
    assert {words for meant in main.OTHERWISE.values() for words in meant} <= main.VERBS.keys()
    assert not main.OTHERWISE.keys() & {words.split()[0] for words in main.VERBS}


@each(
    ("arguments", "sentence"),
    [
        ((), "A verb is missing. See `./starter.py --help`."),
        (("hold",), "A verb is missing. See `./starter.py hold --help`."),
        (("lst",), "There is no verb 'lst'; did you mean list? See `./starter.py --help`."),
        (("resolve",), "There is no verb 'resolve'; did you mean hold resolve? See `./starter.py --help`."),
        (
            ("review", "C-1"),
            "did you mean work-product review or recertify review or reviews? See `./starter.py --help`.",
        ),
        (("work",), "There is no verb 'work'; did you mean work-product? See `./starter.py --help`."),
        (("confirm", "purchase"), "did you mean confirm-purchase? See `./starter.py --help`."),
        (("enrol", "x.csv"), "There is no verb 'enrol'; did you mean register or import? See `./starter.py --help`."),
        (
            ("import", "--skipbad"),
            "There is no option '--skipbad'; did you mean --skip-bad? See `./starter.py import --help`.",
        ),
        (("experience", "--started-on"), "; did you mean --experience-since? See `./starter.py experience --help`."),
        (("advance", "--reference"), "; did you mean --purchase-ref? See `./starter.py advance --help`."),
        (("frobnicate",), "There is no verb 'frobnicate'. See `./starter.py --help`."),
        (("hold", "x"), "There is no verb 'x'; the verbs are resolve, list. See `./starter.py hold --help`."),
        (("--bogus",), "No such option '--bogus'. See `./starter.py --help`."),
        (("send", "C-1"), "Missing argument 'DESIGNATION'. See `./starter.py send --help`."),
        (("dev", "--port", "0"), "'0': write a whole number from 1 to 65535. See `./starter.py dev --help`."),
        (("hold", "resolve", "C-1", "CCSL", "--decision"), "See `./starter.py hold resolve --help`."),
    ],
)
def test_bad_usage_is_one_sentence_that_says_where_to_look(arguments: tuple[str, ...], sentence: str) -> None:
    ended = main.captured(arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.endswith(f"{sentence}\n")
    assert len(ended.err.splitlines()) == 1


def test_options_stand_before_or_after_what_a_verb_is_about() -> None:
    for line in ("contact --name Bo C-1 CCSL", "contact C-1 CCSL --name Bo", "contact C-1 --name=Bo CCSL"):
        assert parsed(*line.split()).params["name"] == "Bo"


def test_a_defect_of_ours_is_shown_whole_and_is_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.verbs.send.check_designation", lambda _: 1 // 0)
    ended = main.captured(["send", "C-1", "CCSL", "withdraw"])
    assert ended.code == 1
    assert "ZeroDivisionError" in ended.err


@pytest.mark.parametrize(("total", "bars"), [(0, 0), (1, 1)])
def test_nothing_to_do_draws_no_bar(total: int, bars: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    bar = progress._bar

    def draw() -> Bar:
        made.append(bar())
        return made[-1]

    monkeypatch.setattr(progress, "_bar", draw)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.Progress("asking", total) as under_way:
        for _ in range(total):
            under_way.advance()
    assert len(made) == bars


def test_the_whole_may_become_another_one(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.0)
    with progress.Progress("Moving", 10) as under_way:
        under_way.reach(5)
        under_way.reach(12, 12)
    assert [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()] == [
        "Moving: 5 of 10",
        "Moving: 12 of 12",
    ]


class Gone(io.TextIOWrapper):
    """A stream whose reader has gone."""

    def __init__(self, number: int) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")
        self._number = number

    def write(self, _text: str) -> int:
        raise OSError(self._number, os.strerror(self._number))

    def isatty(self) -> bool:
        return True


@each("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_what_cannot_be_written_on_stderr_stops_nothing(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Gone(number))
    output.say("Nobody reads this.")
    with progress.Progress("Registering", 3) as shown:
        shown.advance()
        shown.reach(3)


def test_a_question_that_nobody_can_read_is_answered_by_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "can_ask", lambda: True)
    monkeypatch.setattr(sys, "stderr", Gone(errno.EPIPE))
    with pytest.raises(confirming.Declined, match=r"^Nothing was done, because .* add --yes\.$"):
        confirming.ask("Withdraw C-1?")


@each("answer", [b"n\n", b"\n", b"yesterday\n", b""])
def test_without_a_yes_nothing_is_done_whatever_the_question(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirming, "can_ask", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(answer)))
    with pytest.raises(confirming.Declined, match=r"^Nothing was done\.$"):
        confirming.ask("Erase the name of C-1 for good?")


@each(
    ("words", "code"),
    [
        *(("list", 0), ("undelivered", 0), ("record head", 0), ("contact show C-1", 0)),
        *(("import x", 1), ("withdraw C-1 CCSL", 1), ("record check", 1)),
    ],
)
def test_a_verb_that_changes_something_is_not_done_because_nobody_reads_on(
    words: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(click.Context, "invoke", stopped)
    assert main.run(words.split()) == code


def test_every_verb_changes_something_or_only_reads() -> None:
    messages = {" ".join(verb.words) for verb in everyday.VERBS}
    changing = {
        *("setup", "register", "send", "import", "results", "message", "record setup", "record rebuild", "erase"),
        *("upgrade", "dev", "demo"),
    }
    says_more = {"record check"}  # by its exit code, so that 0 would be an answer
    assert sorted([*messages, *changing, *says_more, *main.READING]) == sorted(main.VERBS)


def test_help_that_nobody_reads_to_its_end_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Gone(errno.EPIPE))
    assert main.run(["import", "--help"]) == 0


def test_a_receipt_in_words() -> None:
    ana = Candidacy("C-1", "CCSL")
    receipt = {"status": "testing", "events": ["AssessmentPassed"], "duplicate": False, "sequence": 3}
    assert "AssessmentPassed; status testing (the testing window is open)" in sending.in_words(
        ana, Receipt.read(receipt)
    )
    assert "taken before" in sending.in_words(ana, Receipt.read({**receipt, "duplicate": True}))


# --- texts from outside


def test_no_text_moves_the_cursor_of_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2J\x9b31m\u202eb\nc\u2028d\u200be"
    output.line(hostile)
    output.say(hostile)
    tables.table(("id", "what"), [("C-1", hostile)])
    tables.card(hostile, [Row("Role", hostile, "met")])
    tables.block(hostile, [hostile], hostile)
    shown = capsys.readouterr()
    for text in (shown.out, shown.err):
        assert not set(text) & set("\x1b\x9b\u202e\u2028\u200b")
        assert "a [2J 31m\\u202eb c d\\u200be" in text


def test_a_json_document_on_a_terminal_says_the_same_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = {"reason": "a\x9b31m\u202eb\u2028\x1bc\u200b", "name": "علی\u200cرضا"}
    output.document(hostile)
    entries = output.Array()
    entries.add(hostile)
    entries.end()
    shown = capsys.readouterr().out
    document, _, array = shown.partition("}\n")
    assert json.loads(document + "}") == hostile
    assert json.loads(array) == [hostile]
    assert not set(shown) & set("\x1b\x9b\u202e\u2028\u200b")
