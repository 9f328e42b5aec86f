"""The command line with nobody to talk to: exit codes, stdout and stderr; in this process, and as one of its own."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.settings import ROOT
from tests.processes.programs import NOBODY, STARTER, Ended, run, run_here
from tests.waiting import PATIENCE


def starter(*arguments: str, stdin: bytes = b"", **environment: str) -> Ended:
    """Run the command line to its end, with nobody to talk to."""
    return run_here(arguments, NOBODY, stdin=stdin, **environment)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("bogus",),
        ("status",),
        ("send", "C-1"),
        ("status", "C 1", "CCSL"),
        ("status", "C-1", "CCSL", "--yaml"),
        ("send", "C-1", "CCSL", "record_assesment_result"),
        ("send", "C-1", "CC'SL", "withdraw"),
        ("register", "--candidate", "C-1"),
        ("list", "--due-within", "soon"),
        ("dev", "--port", "0"),
    ],
)
def test_bad_usage_is_code_2_and_says_so_on_stderr(arguments: tuple[str, ...]) -> None:
    ended = starter(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert "See `./starter.py" in ended.err
    assert len(ended.err.splitlines()) == 1
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("streams", "arguments", "code"),
    [
        ("1>&-", "schema withdraw", 0),
        ("1>&- 2>&-", "schema withdraw", 0),
        ("2>&-", "schema withdraw", 0),
        ("2>&-", "import nowhere.csv", 2),
        ("2>/dev/full", "import nowhere.csv", 2),
        ("2>/dev/full", "schema withdraw", 0),
    ],
)
def test_a_stream_that_is_closed_or_full_changes_neither_the_answer_nor_the_exit_code(
    streams: str, arguments: str, code: int
) -> None:
    command = f"exec {shlex.join(map(str, STARTER))} {arguments}"
    whole = run(("sh", "-c", command), NOBODY)
    ended = run(("sh", "-c", f"{command} {streams}"), NOBODY)
    assert (whole.code, ended.code) == (code, code)
    assert ended.out == ("" if "1>" in streams else whole.out)
    assert ended.err == ("" if "2>" in streams else whole.err)


def test_a_misspelt_message_is_answered_with_the_likely_one() -> None:
    assert "did you mean record_assessment_result" in starter("send", "C", "CCSL", "record_assesment_result").err


def test_help_names_every_verb_and_message() -> None:
    ended = starter("--help")
    assert ended.code == 0
    assert all(verb in ended.out for verb in ("setup", "register", "send", "status", "dev", "demo"))
    assert "review_recertification" in starter("send", "--help").out


def test_help_imports_neither_the_sdk_nor_pydantic_nor_rich_nor_any_verb() -> None:
    code = (
        "import sys, starter, cli.main\n"
        "assert cli.main.run(['--help']) == 0\n"
        "heavy = {'temporalio', 'pydantic', 'rich', 'asyncio', 'structlog'} & set(sys.modules)\n"
        "heavy |= {name for name in sys.modules if name.startswith('cli.verbs')}\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("send", "C-1", "CCSL", "withdraw", '{"reason": '), "line 1, column 12"),
        (("send", "C-1", "CCSL", "withdraw", "[]"), "must be a JSON object"),
        (("send", "C-1", "CCSL", "withdraw", "@/nowhere.json"), "/nowhere.json cannot be read"),
        (("list", "--status", "asleep"), "awaiting_purchase"),
        (("list", "--designation", "CCXX"), "CCSL, CCOM, CCMA, CCMC"),
        (("list", "--designation", "ccom"), "--designation: ccom is none of CCSL, CCOM, CCMA, CCMC: write CCOM."),
        (("list", "--status", "Testing"), ": write testing."),
        (
            ("register", "--candidate", "C-1", "--name", "Ana", "--email", "a@b.c", "--designation", "ccsl"),
            "--designation: ccsl is none of CCSL, CCOM, CCMA, CCMC: write CCSL.",
        ),
        (
            ("register", "--candidate", "C-1", "--name", "Ana", "--email", "a@b.c", "--designation", "XX"),
            "XX is none of CCSL",
        ),
        (
            ("register", "--candidate", "C-1", "--name", "Ana", "--email", "ana", "--designation", "CCSL"),
            "email",
        ),
        (
            (
                "register",
                "--candidate",
                "C-1",
                "--name",
                "A",
                "--email",
                "a@b.c",
                "--designation",
                "CCSL",
                "--role",
                "X",
            ),
            "--experience-since",
        ),
    ],
)
def test_bad_input_is_code_2_before_any_server_is_asked(arguments: tuple[str, ...], told: str) -> None:
    ended = starter(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert told in ended.err
    assert "Traceback" not in ended.err


def test_stdin_is_read_as_the_payload() -> None:
    ended = starter("send", "C-1", "CCSL", "withdraw", "-", stdin=b"not json")
    assert ended.code == 2
    assert "line 1, column 1" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("setup",),
        ("list", "--live"),
        ("send", "C-1", "CCSL", "withdraw"),
        ("register", "--candidate", "C-1", "--name", "Ana", "--email", "a@b.c", "--designation", "CCSL"),
    ],
)
def test_a_server_that_is_not_there_is_code_3_in_one_line(arguments: tuple[str, ...]) -> None:
    ended = starter(*arguments)
    assert ended.code == 3
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert NOBODY.address in ended.err


@pytest.mark.parametrize("verb", ["status", "timeline"])
def test_what_the_record_could_answer_without_a_server_says_that_there_is_no_record(verb: str) -> None:
    ended = starter(verb, "C-1", "CCSL")
    assert (ended.code, ended.out) == (3, "")
    away, no_record = ended.err.splitlines()
    assert NOBODY.address in away
    assert "there is no record" in no_record


def test_with_json_a_failure_is_one_document_too() -> None:
    ended = starter("status", "C-1", "CCSL", "--json")
    assert ended.code == 3
    assert ended.document["error"]["kind"] == "unreachable"


def test_settings_that_cannot_be_read_are_code_2(tmp_path: Path) -> None:
    (tmp_path / "temporal.toml").write_text("[broken")
    ended = starter("list", TEMPORAL_CONFIG_FILE=str(tmp_path / "temporal.toml"))
    assert ended.code == 2
    assert "temporal.toml" in ended.err


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{shlex.join(STARTER)} status C-1 CCSL --json | true; exit ${{PIPESTATUS[0]}}"
    ended = run(["bash", "-c", command], NOBODY)
    assert "BrokenPipe" not in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "out", "err"),
    [
        (("--help",), b"", 0, "exit codes: ", ""),
        (("send", "C-1"), b"", 2, "", "Missing argument 'DESIGNATION'."),
        (("send", "C-1", "CCSL", "withdraw", "-"), b"not json", 2, "", "line 1, column 1"),
        (("status", "C-1", "CCSL", "--json"), b"", 3, '"unreachable"', NOBODY.address),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_as_a_process_it_ends_as_it_does_in_this_one(
    arguments: tuple[str, ...], stdin: bytes, code: int, out: str, err: str
) -> None:
    here, there = starter(*arguments, stdin=stdin), run([*STARTER, *arguments], NOBODY, stdin=stdin)
    assert here == there
    assert there.code == code
    assert out in there.out
    assert err in there.err


def test_a_command_in_this_process_leaves_it_as_it_was() -> None:
    def surrounding() -> tuple[object, ...]:
        return dict(os.environ), signal.getsignal(signal.SIGINT), sys.stdin, sys.stdout, sys.stderr

    before = surrounding()
    assert starter("list", TEMPORAL_NAMESPACE="another").code == 3
    assert surrounding() == before


def test_with_stdin_closed_nothing_is_read_from_it() -> None:
    command = f"exec {shlex.join(STARTER)} send C-1 CCSL withdraw - <&-"
    ended = run(["bash", "-c", command], NOBODY)
    assert (ended.code, ended.err) == (2, "stdin is closed: give the JSON itself, or @FILE.\n")
