"""The dispatcher: a table of all verbs with their help. It runs the verb that was named, and returns its exit code.

`--help` prints the table. A module of `cli.verbs` is imported only when one of its verbs is named, so each of them
imports what it needs at its top.
"""

import errno
import gc
import importlib
import io
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple, NoReturn

import click

from cli import everyday, exits, output
from cli.options import AsWritten, Given, meant, near
from client.errors import ClientError, NotFound
from record.errors import RecordError
from runtime import interrupts
from runtime.process import leave

PROGRAM = "starter.py"


class Line(NamedTuple):
    """One verb in the table: its help, the module that has its command, and the command's name there.

    What a module has under that name is a `click.Command`, or a function that makes one of the verb's words.
    """

    help: str
    module: str
    attribute: str = "command"

    def command(self, words: str) -> click.Command:
        """The command; this imports its module."""
        found: Any = getattr(importlib.import_module(f"cli.verbs.{self.module}"), self.attribute)
        _search_for_cycles()
        command: click.Command = found if isinstance(found, click.Command) else found(words)
        return command


VERBS: dict[str, Line] = {
    "setup": Line("register the search attributes; safe to repeat", "setup"),
    "register": Line("enrol one candidate", "register"),
    "send": Line("send any message of the contract", "send"),
    **{" ".join(verb.words): Line(verb.help, "everyday") for verb in everyday.VERBS},
    "contact show": Line("address, purchase and consent of one candidate, and what they were before", "contact"),
    "hold list": Line("the results that are held for a decision", "attention", "hold_list"),
    "import": Line("enrol the candidates of a file", "import_"),
    "results": Line("deliver a vendor's feed of results", "results"),
    "message": Line("send one message to every candidacy that a filter finds", "message"),
    "find": Line("persons by a part of a name, an address, an id, a certificate number or a purchase", "find"),
    "person": Line("one person over all designations and enrolments", "person"),
    "status": Line("where one candidacy stands", "status"),
    "timeline": Line("what has happened to one candidacy", "timeline"),
    "list": Line("find candidacies", "list"),
    "due": Line("deadlines, expiries and alarms of the coming weeks", "due"),
    "attention": Line("what waits for a person, and what to do about it", "attention"),
    "reviews": Line("the submissions that wait for a reviewer's verdict", "reviews"),
    "undelivered": Line("the notices that did not reach their candidate", "undelivered"),
    "summary": Line("counts, pass rates and time to certification", "summary"),
    "verify": Line("whether the certificate with a number is in force", "verify"),
    "holders": Line("the holders of certificates in force, for the public register", "holders"),
    "export": Line("every recorded event after a position, as JSON lines", "export"),
    "record setup": Line("make the tables of the record, or bring them up to this build", "record_setup"),
    "record head": Line("a hash over all that was recorded, to be filed outside", "record", "head"),
    "record check": Line("whether anybody has changed the record", "record", "check"),
    "record rebuild": Line("make the read models anew from the events", "record", "rebuild_command"),
    "erase": Line("erase the name, the addresses and the texts of one person for good", "erase"),
    "schema": Line("the JSON Schema of a message, or of all", "schema"),
    "upgrade": Line("which builds the candidacies run on; move them to another build", "upgrade"),
    "dev": Line("run an embedded Temporal server, its UI and a worker", "dev"),
    "demo": Line("watch candidates of all designations, then end", "demo"),
}
"""Every verb by its one or two words, in the order of `--help`."""

_MANY_OBJECTS = 50_000
"""So many new objects bring a search for cycles, where Python's default is 700: most commands end before."""

READING = frozenset(
    {
        *("contact show", "hold list", "find", "person", "status", "timeline", "list", "due", "attention", "reviews"),
        *("undelivered", "summary", "verify", "holders", "export", "record head", "schema"),
    }
)
"""The verbs that change nothing, and whose exit code says no more than that they could answer."""

GROUPS = {**everyday.GROUPS, "record": "make the record's tables, prove that it is whole, or make its read models anew"}
"""First words that take a second one."""

OTHERWISE = {
    **dict.fromkeys(("enrol", "enroll", "add", "create"), ("register", "import")),
    **dict.fromkeys(("show", "get", "where"), ("status",)),
    **dict.fromkeys(("history", "events"), ("timeline",)),
    **dict.fromkeys(("search", "who", "lookup"), ("find", "list")),
    **dict.fromkeys(("deliver", "feed"), ("results",)),
    **dict.fromkeys(("accept", "reject"), ("hold resolve",)),
    **dict.fromkeys(("delete", "forget", "remove", "anonymise", "anonymize"), ("erase", "withdraw")),
    **dict.fromkeys(("start", "run", "serve"), ("dev",)),
    **dict.fromkeys(("deploy", "builds", "move", "rollback"), ("upgrade",)),
}
"""What people call a verb that has another name here."""

_ABOUT = "Certpath: runs a professional certification programme, on Temporal."
_EPILOG = f"""\
{exits.HELP}
Temporal is found by TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, a profile or temporal.toml
(default localhost:7233). The record is found by CERTPATH_RECORD_URL, or by a file that
CERTPATH_RECORD_URL_FILE names (default sqlite:///var/record.db).
"""
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)


class Verbs(AsWritten, click.Group):
    """The verbs of the table that begin with `first`; all of them where it is empty. Each is made when it is named."""

    def __init__(self, first: str = "") -> None:
        about = GROUPS.get(first)
        super().__init__(
            first or PROGRAM,
            help=everyday.sentence(about) if about else _ABOUT,
            epilog=None if first else _EPILOG,
            no_args_is_help=False,
            options_metavar="",
            subcommand_metavar="VERB ...",
            context_settings=_SETTINGS,
        )
        self._first = first

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As the base class. Raises `click.UsageError` where no verb is named."""
        if not args:
            raise click.UsageError("A verb is missing", ctx)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The words that may come next."""
        depth = len(self._first.split())
        every = (words.split() for words in VERBS)
        return list(dict.fromkeys(words[depth] for words in every if " ".join(words[:depth]) == self._first))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this word; None where there is none."""
        words = f"{self._first} {cmd_name}".strip()
        if words in VERBS:
            return VERBS[words].command(words)
        return Verbs(words) if words in GROUPS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As the base class. Raises `click.UsageError` with the likely verb for a word that is none."""
        known = self.list_commands(ctx)
        words = f"{self._first} {args[0]}".strip()
        with_second = " ".join((words, *args[1:2]))
        if words in VERBS and with_second != words and with_second in VERBS:  # `contact` and `contact show` are verbs
            return with_second, VERBS[with_second].command(with_second), args[2:]
        if args[0] not in known and not args[0].startswith("-"):
            likely = self._likely(args, known)
            sentence = f"There is no verb {args[0]!r}"
            raise click.UsageError(f"{sentence}; {likely}" if likely else sentence, ctx)
        return super().resolve_command(ctx, args)

    def _likely(self, args: list[str], known: list[str]) -> str:
        """The end of a sentence about a word that is no verb: the verbs that may be meant."""
        if self._first:
            return meant(args[0], known, f"the verbs are {', '.join(known)}")
        word = args[0].lower()
        # `resolve` is the second word of a verb, `work` the beginning of one, and `enrol` is called otherwise here.
        called = [words for words in VERBS if words.rpartition(" ")[2] == word]
        called += [name for name in known if len(word) > 2 and name.startswith(word)]
        found = [*OTHERWISE.get(word, ()), *called] or near("".join(args[:2]), VERBS) or near(word, known)
        return f"did you mean {' or '.join(dict.fromkeys(found))}?" if found else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table; no verb is imported for it."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, self._help(name)) for name in self._names(ctx)])

    def _names(self, ctx: click.Context) -> Iterator[str]:
        """The words that may come next, and after a verb of one word those of two words that begin with it."""
        for name in self.list_commands(ctx):
            yield name
            if name in VERBS:
                yield from (words for words in VERBS if words.startswith(f"{name} "))

    def _help(self, name: str) -> str:
        words = f"{self._first} {name}".strip()
        return GROUPS.get(words) or VERBS[words].help


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process."""
    interrupts.end_at_once()
    gc.disable()  # until the verb is imported
    code = run(sys.argv[1:] if arguments is None else arguments)
    leave(code)


def _search_for_cycles() -> None:
    """From here on, Python searches for cycles of objects again, and leaves out what importing has made until now.

    A short command makes most of its objects by importing modules, and they stay. Searches among them would take a
    tenth of its time.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(_MANY_OBJECTS)
        gc.enable()


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    output.prepare()
    given = Given()
    code: int | None = None
    try:
        try:
            code = _invoke(arguments, given)
            sys.stdout.flush()
        except (exits.Stop, ClientError, RecordError) as error:
            stop = _stop(error)
            code = stop.code
            _report(stop, as_document=given.as_json)
    except BrokenPipeError:
        return _unread(given) if code is None else code
    except Exception as error:  # noqa: BLE001 - never out by way of a crashing interpreter exit
        if isinstance(error, OSError) and error.errno in _FULL:
            output.say(f"The output cannot be written: {error.strerror}.")
        else:
            with output.unheard():
                traceback.print_exc()  # a defect of ours: shown whole
        return exits.REFUSED
    return code


def _stop(error: exits.Stop | ClientError | RecordError) -> exits.Stop:
    if isinstance(error, NotFound):
        from cli import forgotten  # with it comes the record, which few commands need

        return forgotten.stop(error)
    if isinstance(error, ClientError):
        return exits.of(error)
    return exits.of_record(error) if isinstance(error, RecordError) else error


def _unread(given: Given) -> int:
    """The exit code of a verb that was stopped because nobody reads what it writes.

    After `starter.py list | head -1` the reader has seen enough. Of a verb that does something, nobody knows how far it
    came.
    """
    return exits.DONE if given.begun is None or given.begun in READING else exits.REFUSED


class Captured(NamedTuple):
    """What a command left behind: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str


def captured(arguments: Sequence[str], stdin: bytes = b"") -> Captured:
    """Run one command in this process, with this standard input, and return what it wrote.

    It takes stdin, stdout and stderr of the whole process, and starts an event loop. So call it outside of a running
    loop (`asyncio.to_thread`), and one at a time.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments)
            out.flush()
            err.flush()
    finally:
        sys.stdin = before
    written = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return Captured(code, *written)


def _invoke(arguments: Sequence[str], given: Given) -> int:
    verbs = Verbs()
    try:
        with verbs.make_context(PROGRAM, list(arguments), obj=given) as context:
            code: int = verbs.invoke(context)
            return code
    except click.exceptions.Exit as ended:  # --help
        return ended.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else PROGRAM
        sentence = error.format_message().rstrip(".")
        output.say(f"{sentence}{'' if sentence.endswith('?') else '.'} See `./{path} --help`.")
        return exits.BAD_INPUT


def _report(stop: exits.Stop, *, as_document: bool) -> None:
    output.say(stop.sentence)
    for note in stop.notes:
        output.say(f"  {note}")
    if as_document:
        output.document(stop.document)
        sys.stdout.flush()
