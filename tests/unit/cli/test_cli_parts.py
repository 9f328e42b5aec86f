"""The parts of the command line that need no process: verbs and their help, progress, receipts."""

import re
import sys
from typing import Any

import pytest

from cli import everyday, main, progress, sending
from client.candidacy import Candidacy
from domain.commands import MESSAGES


def test_the_messages_of_the_command_line_are_those_of_the_domain() -> None:
    assert set(everyday.MESSAGES) == set(MESSAGES) - {"supersede"}


def test_every_verb_has_a_help_and_something_to_run() -> None:
    parser = main.parser()
    for verb in main.verbs():
        with pytest.raises(SystemExit) as ended:
            parser.parse_args([verb, "--help"])
        assert ended.value.code == 0


@pytest.mark.parametrize("verb", main.verbs())
def test_every_help_calls_the_program_as_it_is_called_here(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main.parser().parse_args([verb, "--help"])
    usage, _, text = capsys.readouterr().out.partition("\n\n")
    assert usage.startswith("usage: starter.py")
    assert re.findall(r"(?<!\./)starter\.py.*", text) == []


@pytest.mark.parametrize(("total", "bars"), [(0, 0), (1, 1)])
def test_nothing_to_do_draws_no_bar(total: int, bars: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    bar = progress._bar

    def draw() -> Any:
        made.append(bar())
        return made[-1]

    monkeypatch.setattr(progress, "_bar", draw)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress.Progress("asking", total) as under_way:
        for _ in range(total):
            under_way.advance()
    assert len(made) == bars


def test_a_receipt_in_words() -> None:
    ana = Candidacy("C-1", "CCSL")
    receipt = {"status": "testing", "events": ["AssessmentPassed"], "duplicate": False, "sequence": 3}
    assert "AssessmentPassed; status testing (takes the assessments)" in sending.told(ana, receipt)
    assert "taken before" in sending.told(ana, {**receipt, "duplicate": True})
