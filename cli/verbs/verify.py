"""`starter.py verify`: whether a certificate is in force, asked by its number."""

from datetime import UTC, datetime
from typing import Any

import click

from cli import exits, output, tables
from cli.card_lines import Row
from cli.certificates import standing, title_of
from cli.options import json_option, option, verb
from cli.recorded import record_for_reading
from record import certificates
from record.certificates import Certificate
from record.database import reading

_ABOUT = """\
Shows one certificate by its number: its title, its dates, and whether it is in force today and why. It is asked of the
record, so it is answered decades later too. The holder is named only with her consent to the public register.
"""
_HELP = """\
The number may be typed without its hyphens, in small letters, or with blanks. The exit code is 0 whether the
certificate is in force or not; a number that no certificate has is exit code 1.

--json:  one object: number, designation, title, standing (in_force, suspended, expired, revoked, superseded or
         withdrawn), in_force, since (the day from which it stands so, or null while it is in force), certified_on,
         expires_on, cycle, expired_on, superseded_by (the number of the higher certificate), gaps (an array of from,
         to), holder and candidate_id (null where they are not shown)

examples:
  ./starter.py verify CCSL-ABCD-EFGH-IJKL
  ./starter.py verify "ccsl abcd efgh ijkl" --holder --json
"""


@verb("verify", _ABOUT, _HELP)
@click.argument("number", metavar="NUMBER", help="the number on the certificate")
@option("--holder", is_flag=True, help="name the holder also without her consent, with the candidate id")
@json_option("print one JSON document")
def command(number: str, holder: bool, as_json: bool) -> int:
    """Look the number up, and show what is known."""
    if not number.strip():
        raise exits.BadInput("The number is empty: write the number on the certificate.")
    with reading(record_for_reading()) as connection:
        found = certificates.by_number(connection, number, datetime.now(UTC))
    if found is None:
        raise exits.NotFound(
            f"No certificate has the number {number}.",
            ["A certificate that was granted a moment ago is found once its events are recorded."],
            number=number,
        )
    named = holder or found.publish or found.erased
    if as_json:
        output.document(document(found, holder=found.holder if named else None, candidate=holder))
    else:
        tables.card(found.number, rows(found, holder=holder))
    return exits.DONE


def document(found: Certificate, *, holder: str | None, candidate: bool) -> dict[str, Any]:
    """The certificate for machines."""
    return {
        "number": found.number,
        "designation": found.designation,
        "title": title_of(found),
        "standing": found.standing,
        "in_force": found.in_force,
        "since": found.since.isoformat() if found.since else None,
        "certified_on": found.certified_on.isoformat(),
        "expires_on": found.expires_on.isoformat(),
        "cycle": found.cycle,
        "expired_on": found.expired_on.isoformat() if found.expired_on else None,
        "superseded_by": found.superseded_by,
        "gaps": [{"from": gap.start.isoformat(), "to": gap.end.isoformat()} for gap in found.gaps],
        "holder": holder,
        "candidate_id": found.candidate_id if candidate else None,
    }


def rows(found: Certificate, *, holder: bool) -> list[Row]:
    """The lines of the card."""
    dates = f"{found.certified_on}, granted until {found.expires_on}"
    renewed = f" (renewed {'once' if found.cycle == 2 else f'{found.cycle - 1} times'})" if found.cycle > 1 else ""
    return [
        Row("title", f"{title_of(found) or 'unknown'} ({found.designation})"),
        Row("standing", standing(found), "met" if found.in_force else "alert"),
        Row("certified", f"{dates}{renewed}"),
        *(Row("gap", f"not certified from {gap.start} until {gap.end}") for gap in found.gaps),
        Row("holder", _holder(found, shown=holder)),
    ]


def _holder(found: Certificate, *, shown: bool) -> str:
    if shown:
        return f"{found.holder or 'the record has never had the name'}, {found.candidate_id}"
    if found.erased:
        return found.holder or ""
    if found.publish and found.holder:
        return found.holder
    return "not shown: no consent to the public register (--holder shows the name)"
