"""`starter.py summary`: how many stand where, pass rates by domain, the time to certification; also by period."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from sqlalchemy import Connection

from cli import behind, exits, output
from cli.figures import FIELDS, Rates, Summary
from cli.filters import Filters, filter_of, filter_options
from cli.from_record import answered, wanted_of
from cli.options import day, option, verb
from cli.period_figures import BY, Periods, days_of
from cli.printing import Printing, printing_options
from client import scheme
from client.scheme import Facts
from record import figures, finding, periods
from record.finding import Wanted
from record.periods import Period

if TYPE_CHECKING:
    from cli.live import Live

_HELP = """\
counts:  a row for each status, a column for each designation.
rates:   of the candidacies on the standard path: attempted (at least one used attempt), passed, and passed with the
         first attempt, by domain. Percentages are truncated to two decimals.
--json:  one object: counts (an array of designation, status, count), total, adds_up, asked, left_out (both null with
         --counts), pass_rates (an array of domain, attempted, passed, pass_rate, passed_first, first_rate),
         certification (certified, median_days: from the purchase to the certificate, calendar days;
         median_days_from_registration), record (newest_event_at, position, open, open_at_temporal: how many open
         candidacies the record and Temporal count; null where Temporal was asked)

With --since, --until or --by the figures are those of the days between, in the body's zone, or of each month, quarter
or year of them: how many registered, were certified, or were closed; the median of the days from purchase to
certificate; and the results that were taken: each as it counts today, without voided, held and rejected ones. `first`
are those of candidates who had taken none before in this domain.
--json:  one object: since, until, periods (an array of since, until, registered and certified (by designation), closed
         (by the last status), certification (as above), pass_rates (an array of domain, taken, passed, pass_rate,
         no_shows, first, passed_first, first_rate)), record

--csv:   a row for each figure: since, until, figure, designation, status, domain, value

The record answers, and says how far it is behind. With --live or --query Temporal counts, and each candidacy is asked
once; --counts leaves that out, and needs no worker. Closed candidacies then count while Temporal keeps them.
`(no status yet)`: started, and not yet taken up by a worker. `(ended otherwise)`: terminated or failed. Where
candidacies change while they are counted, they are counted anew; if they still do not add up, a last line says so.

examples:
  ./starter.py summary --designation CCSL --json
  ./starter.py summary --since 2026-01-01 --until 2026-12-31 --by quarter --csv > quarters.csv
"""


class Span(NamedTuple):
    """The days that `--since` and `--until` name, and into which periods they are cut."""

    since: date | None
    until: date | None
    by: str | None

    @property
    def flags(self) -> list[str]:
        """The flags that were given."""
        return [f"--{name}" for name in self._fields if getattr(self, name)]


@verb("summary", "Counts candidacies by designation and status; shows pass rates and the time to certification.", _HELP)
@option("--counts", is_flag=True, help="the counts only")
@option("--since", type=day, metavar="DAY", help="the figures of the days from this one on, e.g. 2026-01-01")
@option("--until", type=day, metavar="DAY", help="and up to this one; today, if it is not given")
@option("--by", type=click.Choice(BY), metavar="|".join(BY), help="the figures of each month, quarter or year")
@filter_options(due_within=False, recorded=True)
@printing_options("print one JSON document", names=False)
def command(counts: bool, filters: Filters, printing: Printing, **span: Any) -> int:
    """Count in the record, or count and ask where that is wanted, and show the figures."""
    asked = Span(**span)
    _check(asked, counts=counts)
    wanted = filter_of(filters)
    known = scheme.facts()

    def recorded(connection: Connection) -> int:
        meant = wanted_of(connection, filters)
        compared = behind.compared(behind.known(connection, meant))
        if asked.flags:
            _print(Periods(_periods(connection, meant, asked, known), compared.document), printing)
        else:
            rates = None if counts else _rates(connection, meant, known)
            _print(Summary(figures.counts(connection, meant), rates, True, compared.document), printing)
        behind.say(compared, always=printing.for_people)
        return exits.DONE

    def live(ask: "Live") -> int:
        designations = list(filters.designation) or list(scheme.titles())
        counted, adds_up, rates = ask.figures(wanted, designations, None if counts else known)
        _print(Summary(counted, rates, adds_up), printing)
        return exits.DONE

    return answered(filters, recorded, live, asked.flags)


def _check(asked: Span, *, counts: bool) -> None:
    if asked.flags and counts:
        raise exits.BadInput(f"--counts does not go with {asked.flags[0]}: it counts how many stand where today.")


def _rates(connection: Connection, wanted: Wanted, known: Facts) -> Rates:
    rates = Rates(known)
    rates.asked = finding.count(connection, wanted)
    for one in figures.rates(connection, wanted):
        tally = {"attempted": one.attempted, "passed": one.passed, "passed_first": one.passed_first}
        rates.domains[one.domain] = tally
    for days, number in figures.days_to_certificate(connection, wanted, known.zone).items():
        rates.certify(days, number)
    return rates


def _periods(connection: Connection, wanted: Wanted, asked: Span, known: Facts) -> list[Period]:
    until = asked.until or known.day_of(datetime.now(UTC))
    first = periods.first_registration(connection, wanted)
    since = asked.since or min(known.day_of(first) if first else until, until)
    if since > until:
        named = f"--until {until}" if asked.until else f"today, {until}"
        raise exits.BadInput(f"--since {since} is after {named}.")
    return periods.periods(connection, wanted, days_of(since, until, asked.by), known.zone)


def _print(found: Summary | Periods, printing: Printing) -> None:
    if printing.as_json:
        output.document(found.document())
    elif printing.as_csv:
        printing.documents(FIELDS, found.lines())
    else:
        found.show()
