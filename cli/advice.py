"""What asks for attention, as the command line tells it: what it is about, what to do, and the command that does it."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from cli.everyday import VERBS
from domain.vocabulary import AttentionKind
from views import words

HELD = AttentionKind.HELD_RESULT

# Gaps that whoever copies the command fills in; the ids are filled in here. Quoted, for the shell hands them on; and
# refused as they stand, by the choices of the flag or by `is_gap`: nothing is decided by pasting.
_DESIGNATION = "'<designation>'"
_GAP = re.compile(r"<[^<>]*>|…")

KINDS = tuple(AttentionKind)
"""Every kind of attention value; a held result's value goes on with its id."""
_ELSEWHERE = (AttentionKind.LOWER_NOT_IN_FORCE, AttentionKind.ADVANCEMENT_REFUSED)

_VERBS = {verb.message: " ".join(verb.words) for verb in VERBS}


def matters(status: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that asks for attention, from the answer of the `status` query.

    Each with `attention`, `kind`, `result_id` (of a held result), `since`, `what`, `advice` and `command`.
    """
    for matter in _told(status):
        kind, _, subject = matter["attention"].partition(":")
        yield {
            "attention": matter["attention"],
            "kind": kind,
            "result_id": subject if kind == HELD else None,
            "since": matter.get("since"),
            "what": matter.get("what"),
            "advice": in_verbs(matter.get("advice") or ""),
            "command": command(status, matter["attention"]),
        }


def _told(status: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "matters" in status:
        yield from status["matters"]
        return
    # An older worker knows the values alone.
    for value in status.get("attention") or ():
        yield {"attention": value, "advice": words.about_attention(value).advice}


def in_verbs(advice: str) -> str:
    """What the engine advises, with the command line's verbs for the messages that it names."""
    return re.sub(r"`(\w+)`", lambda name: f"`{_VERBS.get(name[1], name[1])}`", advice)


def is_gap(word: str) -> bool:
    """Whether a word is still the gap of a copied command, such as `<who>`."""
    return _GAP.fullmatch(word) is not None


def command(status: Mapping[str, Any], attention: str) -> str:
    """The command line to copy, ready but for its gaps."""
    kind, _, subject = attention.partition(":")
    candidate, designation = status["candidate_id"], status["designation"]
    product = status.get("work_product") or {}
    recertification = status.get("recertification") or {}
    # A holder's review is of evidence; before the certificate there is only the work product.
    of_evidence = recertification.get("status") == "submitted"
    lower, higher = _beside(designation) if kind in _ELSEWHERE else ("", "")
    line = words.about_attention(attention).command.format(
        who=f"{candidate} {designation}",
        value=shlex.quote(attention),
        subject=shlex.quote(subject),
        review="recertify review" if of_evidence else "work-product review",
        submission=shlex.quote(str((recertification if of_evidence else product).get("submission_id"))),
        verdict="'<approved|returned>'" if of_evidence else "'<passed|revise|failed>'",
        lower=f"{candidate} {lower}",
        higher=f"{candidate} {higher}",
    )
    return f"./starter.py {line}"


def _beside(designation: str) -> tuple[str, str]:
    """The designations below and above, by the scheme in force here; a gap where it does not tell."""
    from cli import programme

    edges = programme.facts().advances_to
    lower = [code for code, higher in edges.items() if higher == designation]
    return (lower[0] if lower else _DESIGNATION), edges.get(designation, _DESIGNATION)
