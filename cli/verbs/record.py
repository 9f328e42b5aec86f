"""`starter.py record head`, `record check` and `record rebuild`: the proof of the record, and its read models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine

from cli import exits, output
from cli.against_workflows import Compared, compare
from cli.options import json_option, option, verb
from cli.progress import Progress
from cli.recorded import record_for_reading, settings
from cli.session import connected
from client.connection import Client
from domain.plurals import counted
from record import cells, checking, guards, heads, proof, store
from record.cells import Damaged
from record.checking import Checked, Fault, Finding
from record.comparison import Difference, differences
from record.errors import BadHead, ForgedHead
from record.guards import Unguarded
from record.heads import Filed
from record.rebuild import rebuild
from record.refolding import Unfolded
from record.search import Unlike

_T = TypeVar("_T")

_HEAD_ABOUT = """\
Prints a head of the record: one hash over the chains of all candidacies, as a JSON document. File it where nobody who
runs the record can change it, every month for example. `record check --head FILE` then shows whether anything that
was recorded until then has been changed since.
"""
_HEAD_HELP = """\
CERTPATH_RECORD_KEY names a PEM file with an Ed25519 private key, with which the head is signed:
  openssl genpkey -algorithm ed25519 -out record-key.pem
  openssl pkey -in record-key.pem -pubout -out record-key.pub.pem

the document: kind, position (of the newest event), candidacies (how many chains), root (the Merkle tree head of RFC
6962, in hexadecimal digits), taken_at, public_key, signature (both null where no key is set)

example:
  ./starter.py record head > head-2027-03.json
"""
_CHECK_ABOUT = """\
Checks that nobody has changed the record: recomputes the chain of every candidacy and the seal of every text, folds the
events of every candidacy, and compares the read models with the outcome. Each fault is named in a line.
"""
_CHECK_HELP = """\
A chain that was computed anew as a whole, and newest events that were taken away, are shown only by a head that was
filed before. So name those that you have with --head.

exit code: 0 where everything is as it was recorded, 1 where there is a fault
--json:  one object: events, candidacies, erased_texts, faults (an array of fault, workflow_id, enrolment, sequence),
         missing_positions (an array of from, to), read_models (an array of texts), heads (an array of file, position,
         taken_at, signed, fault), workflows (null without --workflows; else compared, behind, silent, differences),
         damaged (an array of texts: rows that cannot be read; where there are any, nothing else was checked),
         unguarded (an array of texts: triggers of the database that no longer refuse changes)

examples:
  ./starter.py record check
  ./starter.py record check --head head-2027-03.json --public-key record-key.pub.pem
"""
_REBUILD_ABOUT = """\
Makes the read models anew from the events, while the programme goes on. The outcome equals what was there, unless the
models were damaged or a newer build reads more of the events. It may be interrupted and begun again.
"""
_REBUILD_HELP = """\
--json:  one object: events, candidacies, unfolded (an array of texts)

example:
  ./starter.py record rebuild
"""


# --- head


@verb("head", _HEAD_ABOUT, _HEAD_HELP)
def head() -> int:
    """Take the head, sign it where a key is set, and print it."""
    key_file = settings().record_key
    key = heads.private_key(key_file) if key_file else None
    filed = Filed(proof.head(record_for_reading()), output.exact(datetime.now(UTC).replace(microsecond=0)))
    output.document((filed.signed(key) if key else filed).document())
    if key is None:
        output.say("The head is not signed: CERTPATH_RECORD_KEY names no key.")
    return exits.DONE


# --- check


@dataclass
class Outcome:
    """What a check has found."""

    checked: Checked = field(default_factory=Checked)
    damaged: list[Damaged] = field(default_factory=list)
    unguarded: list[Unguarded] = field(default_factory=list)
    faults: list[Finding] = field(default_factory=list)
    forgotten: list[Finding] = field(default_factory=list)
    missing: list[range] = field(default_factory=list)
    models: list[Difference | Unfolded | Unlike] = field(default_factory=list)
    heads: list[tuple[str, Filed, str | None]] = field(default_factory=list)
    workflows: Compared | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not any(True for _ in self.sentences())

    def sentences(self) -> Iterator[str]:
        """What is wrong, each in a line."""
        yield from map(str, self.unguarded)
        yield from map(str, self.damaged)
        yield from map(str, self.faults)
        for gap in self.missing:
            places = f"position {gap.start}" if len(gap) == 1 else f"positions {gap.start} to {gap.stop - 1}"
            yield f"{places}: the event is missing"
        yield from map(str, self.models)
        yield from (f"{name}: {fault}" for name, _, fault in self.heads if fault)
        yield from self.workflows.differences if self.workflows else ()

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "events": self.checked.events,
            "candidacies": self.checked.candidacies,
            "erased_texts": self.checked.erased,
            "faults": [_finding(one) for one in (*self.faults, *self.forgotten)],
            "missing_positions": [{"from": gap.start, "to": gap.stop - 1} for gap in self.missing],
            "read_models": [str(one) for one in self.models],
            "heads": [
                {
                    "file": name,
                    "position": filed.head.position,
                    "taken_at": filed.taken_at,
                    "signed": filed.is_signed,
                    "fault": fault,
                }
                for name, filed, fault in self.heads
            ],
            "workflows": asdict(self.workflows) if self.workflows else None,
            "damaged": [str(one) for one in self.damaged],
            "unguarded": [str(one) for one in self.unguarded],
        }


@verb("check", _CHECK_ABOUT, _CHECK_HELP)
@option("--head", "files", multiple=True, metavar="FILE", help="a head that was filed before; may be repeated")
@option("--public-key", metavar="FILE", help="the key with which each head must be signed, as a PEM file")
@option(
    "--workflows", is_flag=True, help="also ask every open candidacy where it stands; this needs Temporal and workers"
)
@json_option("print one JSON document")
def check(files: tuple[str, ...], public_key: str | None, workflows: bool, as_json: bool) -> int:
    """Check everything, and show what is wrong."""
    if public_key and not files:
        raise exits.BadInput("--public-key says who has signed a head: name the head, too, with --head.")
    known = heads.public_key(Path(public_key)) if public_key else None
    filed = [(name, _read(name, known)) for name in files]
    engine = record_for_reading()
    outcome = Outcome(damaged=list(cells.damaged(engine)), unguarded=guards.missing(engine))
    if not outcome.damaged:
        _check_chains(engine, outcome)
        outcome.heads = [(name, one, _fault_of_head(engine, one)) for name, one in filed]
        outcome.models = list(_with_progress(engine, "read models", lambda reach: differences(engine, reach)))
        if workflows:
            _check_workflows(engine, outcome)
    if as_json:
        output.document(outcome.document())
    else:
        for sentence in outcome.sentences():
            output.line(sentence)
        _say(outcome)
    return exits.DONE if outcome.whole else exits.REFUSED


def _check_chains(engine: Engine, outcome: Outcome) -> None:
    def found(reach: Callable[[int, int], None]) -> Iterator[Finding]:
        return checking.findings(engine, outcome.checked, lambda done: reach(done, done))

    for one in _with_progress(engine, "chains", found):
        (outcome.forgotten if one.fault is Fault.NEVER_RECORDED else outcome.faults).append(one)
    outcome.missing = list(checking.positions_missing(engine))


def _check_workflows(engine: Engine, outcome: Outcome) -> None:
    async def work(client: Client) -> int:
        outcome.workflows = await compare(client, engine)
        return exits.DONE

    connected(work)


def _fault_of_head(engine: Engine, filed: Filed) -> str | None:
    """What differs from a head that was filed; None where the record is as it was then, and has only grown."""
    wanted = filed.head
    newest = store.newest_position(engine)
    if newest < wanted.position:
        lost = f"positions {newest + 1} to {wanted.position}"
        return f"the newest event has position {newest}, and the head knew position {wanted.position}: {lost} are gone"
    there = proof.head(engine, wanted.position)
    if there == wanted:
        return None
    if there.candidacies != wanted.candidacies:
        return (
            f"there are {there.candidacies} candidacies up to position {wanted.position}, and were {wanted.candidacies}"
        )
    return f"an event up to position {wanted.position} is not the one that was recorded"


def _say(outcome: Outcome) -> None:
    checked = outcome.checked
    if outcome.damaged:
        rows = counted(len(outcome.damaged), "row")
        output.say(f"{rows} of the record cannot be read, so nothing else was checked. Somebody has changed the file.")
        return
    for name, filed, fault in outcome.heads:
        if fault is None:
            signed = f"signed by {filed.public_key}" if filed.is_signed else "not signed"
            upto = f"every event up to position {filed.head.position} is as it was at {filed.taken_at}"
            output.say(f"{name} ({signed}): {upto}.")
    if outcome.forgotten:
        forgotten, one = len(outcome.forgotten), "1 older event was never recorded: its candidacy had forgotten it."
        many = f"{forgotten} older events were never recorded: their candidacies had forgotten them."
        output.say(one if forgotten == 1 else many)
    if checked.erased:
        output.say(f"{counted(checked.erased, 'text')} {'is' if checked.erased == 1 else 'are'} erased.")
    if outcome.workflows:
        _say_workflows(outcome.workflows)
    number = len(list(outcome.sentences()))
    faults = "no fault" if not number else "1 fault" if number == 1 else f"{number} faults"
    output.say(f"Events checked: {checked.events:,}; enrolments: {checked.candidacies:,}; {faults}.")


def _say_workflows(found: Compared) -> None:
    output.say(f"{found.compared:,} open candidacies were compared with what their workflows answer.")
    if found.behind:
        output.say(f"{found.behind:,} more are not recorded up to now: ask again in a moment.")
    if found.silent:
        output.say(f"{found.silent:,} more did not answer.")


def _finding(one: Finding) -> dict[str, Any]:
    candidacy = one.candidacy
    return {
        "fault": one.fault.value,
        "workflow_id": candidacy.workflow_id,
        "enrolment": candidacy.enrolment,
        "sequence": one.sequence,
    }


def _read(name: str, known: Ed25519PublicKey | None) -> Filed:
    """The head in this file, which nobody has changed since it was signed, where it is signed."""
    try:
        filed = heads.read(Path(name).read_text(encoding="utf-8"))
        filed.check_signature(known)
    except (BadHead, ForgedHead) as error:
        raise type(error)(f"--head {name}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise exits.BadInput(f"--head {name} cannot be read: {why}.") from error
    return filed


# --- rebuild


@verb("rebuild", _REBUILD_ABOUT, _REBUILD_HELP)
@json_option("print one JSON document")
def rebuild_command(as_json: bool) -> int:
    """Make the read models anew, and say of how much."""
    engine = record_for_reading()
    with Progress("events", store.newest_position(engine)) as progress:
        rebuilt = rebuild(engine, lambda done, _total: progress.reach(done))
    if as_json:
        unfolded = [str(one) for one in rebuilt.unfolded]
        output.document({"events": rebuilt.events, "candidacies": rebuilt.candidacies, "unfolded": unfolded})
    else:
        for one in rebuilt.unfolded:
            output.line(str(one))
        output.say(f"Made anew from {rebuilt.events:,} events of {rebuilt.candidacies:,} candidacies.")
    return exits.REFUSED if rebuilt.unfolded else exits.DONE


def _with_progress(
    engine: Engine, what: str, found: Callable[[Callable[[int, int], None]], Iterator[_T]]
) -> Sequence[_T]:
    with Progress(what, store.newest_position(engine)) as progress:
        return list(found(lambda done, _total: progress.reach(done)))
