"""What asks for attention, as the command line shows it: what it is about, what to do, and the command that does it."""

import re
import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.everyday import VERBS
from client import scheme
from domain.vocabulary import AttentionKind
from views import words

if TYPE_CHECKING:
    from client.finding import Entry
    from views.brief import BriefMatter, BriefStatus
    from views.status import AttentionView, StatusView

HELD = AttentionKind.HELD_RESULT

# Commands to copy have the ids filled in, and gaps for what a person must decide. A gap is quoted for the shell. Left
# as it is, the choices of the flag or `is_gap` refuse it, so that nothing is decided by pasting alone.
_DESIGNATION = "'<designation>'"
_GAP = re.compile(r"<[^<>]*>|…")

KINDS = tuple(AttentionKind)
"""Every kind of attention value; a held result's value goes on with its id."""
_ELSEWHERE = (AttentionKind.LOWER_NOT_IN_FORCE, AttentionKind.ADVANCEMENT_REFUSED)

_VERBS = {verb.message: " ".join(verb.words) for verb in VERBS}


# The search attribute has at most this many values, and leaves out what is too long; `status` has them all. If the
# published values together have more characters than `_SURELY_ALL`, some may be missing.
_PUBLISHED = 20
_SURELY_ALL = 250


class Case(NamedTuple):
    """One thing that asks for attention. `attention` is its value, of any build.

    `kind` is its kind, or the whole value where only a newer engine knows it; `result_id` and `hold` are the
    id of a held result and the number of its hold. `since`, `what` and `hold` are None where an older build does not
    say them.
    """

    attention: str
    kind: str
    result_id: str | None
    hold: int | None
    since: datetime | None
    what: str | None
    advice: str
    command: str


def cases(status: "StatusView | BriefStatus") -> Iterator[Case]:
    """Everything that asks for attention."""
    for matter in status.matters:
        yield _case(status, matter.attention, matter.advice, matter)
    if not status.tells_matters:
        for value in status.attention:
            yield _case(status, value, words.about_attention(value).advice)


def _case(
    status: "StatusView | BriefStatus", value: str, advice: str, matter: "AttentionView | BriefMatter | None" = None
) -> Case:
    known = words.attention_of(value)
    return Case(
        attention=value,
        kind=known.kind if known else value,
        result_id=known.subject if known and known.kind is HELD else None,
        hold=matter.hold if matter else None,
        since=matter.since if matter else None,
        what=matter.what if matter else None,
        advice=in_verbs(advice),
        command=command(status, value, matter),
    )


def may_ask(entry: "Entry", kinds: tuple[str, ...]) -> bool:
    """Whether a candidacy may need attention of one of these kinds (of any, where none is named), as published."""
    values = entry.needs_attention
    cut = len(values) >= _PUBLISHED or sum(map(len, values)) > _SURELY_ALL
    return cut or has_one(values, kinds)


def has_one(values: Iterable[str], kinds: tuple[str, ...]) -> bool:
    """Whether one of these attention values is of one of these kinds (of any, where none is named)."""
    known = (words.attention_of(value) for value in values)
    return not kinds or any(one.kind in kinds for one in known if one)


def in_verbs(advice: str) -> str:
    """What the engine advises, with the command line's verbs for the messages that it names."""
    return re.sub(r"`(\w+)`", lambda name: f"`{_VERBS.get(name[1], name[1])}`", advice)


def is_gap(word: str) -> bool:
    """Whether a word is still the gap of a copied command, such as `<who>`."""
    return _GAP.fullmatch(word) is not None


def command(status: "StatusView | BriefStatus", value: str, matter: "AttentionView | BriefMatter | None" = None) -> str:
    """The command line to copy for an attention value, ready but for its gaps. It names the hold where it must (R2).

    `matter` is what the engine says of the value, such as the number of the hold, or why a notice was not delivered.
    """
    known = words.attention_of(value)
    candidate, designation = status.candidate_id, status.designation
    # For a holder the review is about evidence; before the certificate it is about the work product.
    evidence = status.recertification if _of_evidence(status) else None
    reviewed = evidence or status.work_product
    lower, higher = _beside(designation) if known and known.kind in _ELSEWHERE else ("", "")
    only = matter.decisions[0] if matter and len(matter.decisions) == 1 else None
    unpaid = only and known and known.kind is HELD and status.purchased_at is None
    settling = words.about_undelivered(matter.cause if matter else None) or words.about_attention(value)
    template = words.CONFIRM_PURCHASE if unpaid else settling.command
    line = template.format(
        who=f"{candidate} {designation}",
        value=shlex.quote(value),
        subject=shlex.quote(known.subject if known else ""),
        hold=f" --hold {matter.hold}" if matter and matter.name_hold else "",
        decision=only or "'<accept|reject>'",
        review="recertify review" if evidence else "work-product review",
        submission=shlex.quote(str(reviewed.submission_id if reviewed else None)),
        verdict="'<approved|returned>'" if evidence else "'<passed|revise|failed>'",
        lower=f"{candidate} {lower}",
        higher=f"{candidate} {higher}",
    )
    return f"./starter.py {line}"


def _of_evidence(status: "StatusView | BriefStatus") -> bool:
    return status.recertification is not None and status.recertification.status == "submitted"


def _beside(designation: str) -> tuple[str, str]:
    """The designations below and above, by the scheme in force here; a gap where it does not say."""
    edges = scheme.facts().advances_to
    lower = [code for code, higher in edges.items() if higher == designation]
    return (lower[0] if lower else _DESIGNATION), edges.get(designation, _DESIGNATION)
