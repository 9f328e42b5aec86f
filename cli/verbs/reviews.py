"""`starter.py reviews`: every work product and all evidence that waits for a reviewer's verdict, oldest first (R19)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from cli import advice, behind, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.from_record import answered, wanted_of
from cli.options import verb
from cli.printing import NAME, Printing, printing_options
from client import scheme
from client.list_language import Run
from domain.vocabulary import AttentionKind
from record import finding
from views.brief import BriefStatus

if TYPE_CHECKING:
    from cli.live import Live
    from client.finding import Entry
    from views.status import StatusView

COLUMNS = ("since", "candidate", NAME, "designation", "kind", "submission", "what")
WORK_PRODUCT, EVIDENCE = "work product", "evidence"

_HELP = f"""\
columns: since (when it arrived, in the body's zone), candidate, name, designation, kind ({WORK_PRODUCT}, or
         {EVIDENCE} for a recertification), submission (its id), what (its uri, or how many activities)
--json:  an array of since (instant, or null where it is not known), candidate_id, name, designation, status, kind,
         submission_id, uri (or null), activities (how many, or null)
--csv:   the same fields, a row for each

The record answers, and says how far it is behind. With --live or --query, each candidacy that may have a submission
under review is asked.

To send a verdict: `work-product review` or `recertify review`. `attention --kind {AttentionKind.REVIEW_WAITING}` has
the command to copy for each.

examples:
  ./starter.py reviews --designation CCSL
  ./starter.py reviews --json
"""


class Review(NamedTuple):
    """One submission under review. `since` is None where the worker is too old to say it."""

    since: datetime | None
    candidate_id: str
    name: str | None
    designation: str
    status: str
    kind: str
    submission_id: str
    uri: str | None
    activities: int | None

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.since is None, self.since and self.since.timestamp(), self.candidate_id, self.designation)


@verb("reviews", "Lists every submission that waits for a reviewer's verdict, the oldest arrival first.", _HELP)
@filter_options(due_within=False, attention=False, recorded=True)
@printing_options("print one JSON array")
def command(filters: Filters, printing: Printing) -> int:
    """Find the submissions under review in the record, or ask each candidacy that may have one, and show them."""
    wanted = replace(filter_of(filters), run=Run.OPEN, attention=True)

    def recorded(connection: Connection) -> int:
        meant = replace(wanted_of(connection, filters), open=True, under_review=True)
        found = [
            review
            for one, view in finding.views(connection, meant)
            for review in under_review(BriefStatus.parse_json(view), one.name)
        ]
        code = show(found, [], printing)
        behind.say(behind.compared(behind.known(connection, meant)), always=printing.for_people)
        return code

    def live(ask: "Live") -> int:
        found: list[Review] = []
        silent: list[Entry] = []

        def take(entry: "Entry", status: "StatusView | None") -> None:
            if status is None:
                silent.append(entry)
            else:
                found.extend(under_review(status))

        ask.statuses(wanted, take, lambda entry: advice.may_ask(entry, (AttentionKind.REVIEW_WAITING,)))
        return show(found, silent, printing)

    return answered(filters, recorded, live)


def under_review(status: "StatusView | BriefStatus", name: str | None = None) -> Iterator[Review]:
    """What waits for a verdict in one candidacy."""
    product, evidence = status.work_product, status.recertification
    whose = (status.candidate_id, name or status.name or None, status.designation, status.status)
    if product and product.status == "submitted":
        yield Review(product.arrived_at, *whose, WORK_PRODUCT, product.submission_id or "", product.uri, None)
    if evidence and evidence.status == "submitted":
        yield Review(evidence.arrived_at, *whose, EVIDENCE, evidence.submission_id or "", None, evidence.activities)


def show(found: list[Review], silent: "list[Entry]", printing: Printing) -> int:
    """Shows the reviews, oldest first, and who did not answer; returns the exit code."""
    found = sorted(found, key=lambda review: review.order)
    if printing.for_people:
        if found:
            zone = scheme.facts().zone
            rows = [printing.cells(COLUMNS, _row(review, zone)) for review in found]
            tables.table(printing.columns(COLUMNS), rows)
        number = {0: "Nothing is", 1: "1 submission is"}.get(len(found), f"{len(found)} submissions are")
        output.say(f"{number} under review.")
    else:
        printing.documents(Review._fields, map(_document, found))
    for entry in silent:
        output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
    return exits.REFUSED if silent else exits.DONE


def _row(review: Review, zone: str) -> tuple[str, ...]:
    count = review.activities
    activities = "" if count is None else f"{count} {'activity' if count == 1 else 'activities'}"
    since = output.minute(review.since, zone) or "unknown"
    what = review.uri or activities
    return since, review.candidate_id, review.name or "", review.designation, review.kind, review.submission_id, what


def _document(review: Review) -> dict[str, Any]:
    return {
        **review._asdict(),
        "since": output.exact(review.since) if review.since else None,
    }
