"""The rows of an input file: the bad ones and the doubtful ones reported, the good ones handed on."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cli import exits, output
from client.bulk.act import BadRow
from client.bulk.enrolling import Alike
from client.bulk.outcomes import Style
from feeds import bad_rows, dates
from feeds.checking import Doubt, DoubtKind, Sheet
from feeds.table import Problem
from runtime.files import opener

M = TypeVar("M")
_SHOWN = 1000
_FIRST = 3
"""Of faults of one kind so many rows are named. Where there are no more, each fault has a line of its own."""
_SAY = {
    DoubtKind.LOOKALIKE: "If they are really different, add --allow-lookalikes",
    DoubtKind.FRACTIONS: "Say --fractions if they are, or --percent if they are percentages",
}


class Choice(NamedTuple):
    """What is to be done about rows that are bad or doubtful.

    `write_bad` is the file to write the bad rows to. `sure` are the kinds of doubts that somebody has dispelled.
    `ordered` is whether the order of day and month was given.
    """

    skip_bad: bool = False
    write_bad: Path | None = None
    sure: Collection[DoubtKind] = ()
    ordered: bool = False


def style(sheet: Sheet[M]) -> Style:
    """How the outcome file of this file is written."""
    return Style(sheet.layout.delimiter, sheet.layout.mark)


def without_bad(sheet: Sheet[M], source: str, choice: Choice) -> dict[int, BadRow]:
    """The bad rows, by their numbers; they and the doubts are also said on stderr.

    Raises `exits.BadInput` where rows are bad, unless they are to be skipped, and where there is a doubt.
    """
    for column in sheet.ignored:
        if column != bad_rows.COLUMN:
            output.say(f"Column {column!r} is not known and is ignored.")
    by_row: dict[int, list[Problem]] = {}
    for problem in sheet.problems:
        by_row.setdefault(problem.row, []).append(problem)
    written = choice.write_bad if by_row else None
    if written:
        _write(sheet, written)
    name = "stdin" if source == "-" else source
    count = f"{len(by_row):,} of {sheet.rows:,} rows of {name} {'is' if len(by_row) == 1 else 'are'} bad"
    doubts = [doubt for doubt in sheet.doubts if doubt.kind not in choice.sure]
    facts: dict[str, Any] = {}
    if by_row and not choice.skip_bad:
        facts["problems"] = [problem._asdict() for problem in sheet.problems]
    if doubts:
        facts["doubts"] = [{"kind": one.kind, "rows": one.rows, "doubt": one.sentence} for one in doubts]
    if facts:
        sentence = f"{count}, so nothing was started. Correct them, or leave them out with --skip-bad:"
        if "problems" not in facts:
            sentence = f"Some rows of {name} may not be what was meant, so nothing was started:"
        notes = in_lines(sheet.problems, ordered=choice.ordered) if "problems" in facts else []
        where = [_not_started(written, source, any_good=len(by_row) < sheet.rows)] if written else []
        raise exits.BadInput(sentence, [*notes, *_doubtful(doubts, advise=True), *where], **facts)
    for line in _doubtful(sheet.doubts, advise=False):
        output.say(f"Noted: {line}")
    if by_row:
        output.say(f"{count} and left out:")
        for line in [*in_lines(sheet.problems, ordered=choice.ordered), *([_mend(written)] if written else [])]:
            output.say(f"  {line}")
    return {row: _bad_row(problems) for row, problems in by_row.items()}


def refuse_alike(found: Sequence[Alike]) -> None:
    """Raises `exits.BadInput` where candidates may be enrolled already, under other ids."""
    if not found:
        return
    first = sorted(dict.fromkeys((one.row.number, one.enrolled, one.sentence) for one in found))
    doubts = [f"row {row}: {sentence}" for row, _, sentence in first]
    more = [f"and {len(doubts) - _FIRST:,} more like these: see --json"] if len(doubts) > _FIRST else []
    facts = [
        {"kind": DoubtKind.LOOKALIKE, "rows": [row], "enrolled": enrolled, "doubt": sentence}
        for row, enrolled, sentence in first
    ]
    raise exits.BadInput(
        "Some candidates may be enrolled already, under other ids, so nothing was started:",
        [*doubts[:_FIRST], *more, "If these are different people, add --allow-lookalikes."],
        doubts=facts,
    )


def in_lines(problems: Sequence[Problem], *, ordered: bool = False) -> list[str]:
    """A line for each problem; but one line for many of one kind, with their number and the first rows.

    `ordered` is whether the order of day and month was given already.
    """
    alike: dict[tuple[str | None, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.column, problem.kind), []).append(problem)
    lines = list(_one_a_kind(problems, alike))
    if not ordered and any(dates.wants_order(kind) for _, kind in alike):
        lines.append("If every date of the file has the same order, --dates dmy or --dates mdy reads them.")
    more = len(lines) - _SHOWN
    return lines[:_SHOWN] + ([f"and {more:,} more: see --json"] if more > 0 else [])


def _one_a_kind(problems: Sequence[Problem], alike: dict[tuple[str | None, str], list[Problem]]) -> Iterator[str]:
    said: set[tuple[str | None, str]] = set()
    for problem in problems:
        key = problem.column, problem.kind
        same = alike[key]
        if len(same) <= _FIRST:
            yield str(problem)
        elif key not in said:
            said.add(key)
            yield _many(same)


def _many(same: Sequence[Problem]) -> str:
    first = same[0]
    rows = ", ".join(f"{one.row} ({one.candidate_id})" if one.candidate_id else str(one.row) for one in same[:_FIRST])
    where = f"rows {rows} and {len(same) - _FIRST:,} more"
    example = "" if all(one.problem == first.problem for one in same) else "for example "
    return f"{where}{f', {first.column}' if first.column else ''}: {example}{first.problem}"


def _doubtful(doubts: Sequence[Doubt], *, advise: bool) -> list[str]:
    """The doubts, at most three of a kind and the number of the others; `advise` says what to add if all is well."""
    lines: list[str] = []
    for kind in DoubtKind:
        alike = [doubt for doubt in doubts if doubt.kind is kind]
        for doubt in alike[:_FIRST]:
            lines.append(f"{_rows(doubt.rows)}: {doubt.sentence}")
        if len(alike) > _FIRST:
            lines.append(f"and {len(alike) - _FIRST:,} more like these: see --json")
        if alike and advise:
            lines.append(f"{_SAY[kind]}.")
    return lines


def _rows(rows: Sequence[int]) -> str:
    more = f" and {len(rows) - _FIRST:,} more" if len(rows) > _FIRST else ""
    return f"row{'' if len(rows) == 1 else 's'} {', '.join(map(str, rows[:_FIRST]))}{more}"


def _bad_row(problems: Sequence[Problem]) -> BadRow:
    reason = "; ".join(f"{one.column}: {one.problem}" if one.column else one.problem for one in problems)
    return BadRow(problems[0].candidate_id or "", reason)


def _mend(path: Path) -> str:
    return f"The bad rows stand in {path}: mend them there, and give it to the same command."


def _not_started(path: Path, source: str, *, any_good: bool) -> str:
    """What is to be done with the file of the bad rows where nothing was started: the good rows are not in it."""
    if not any_good:
        return _mend(path)
    whole = "the input" if source == "-" else source
    return (
        f"The bad rows stand in {path}. Nothing was started, the good rows neither. Run the command again with "
        f"--skip-bad and without --bad-rows, then give it the mended {path}; or mend {whole} itself."
    )


def _write(sheet: Sheet[M], path: Path) -> None:
    """Write the bad rows to a new file that the owner alone can read, for people's names stand in it.

    Raises `exits.BadInput` where it cannot be written, or is there: it may hold rows that somebody is mending.
    """
    try:
        with open(path, "x", encoding="utf-8", newline="", opener=opener) as file:
            file.write(bad_rows.text(sheet))
    except FileExistsError as error:
        raise exits.BadInput(f"{path} is there already: name another file for --bad-rows, or remove it.") from error
    except OSError as error:
        raise exits.BadInput(f"{path} cannot be written ({error.strerror}): name another for --bad-rows.") from error
