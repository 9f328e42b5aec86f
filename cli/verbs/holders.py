"""`starter.py holders`: who holds a certificate that is in force, for the public register."""

from datetime import UTC, datetime
from typing import Any

from cli import csv_output, exits, output, tables
from cli.certificates import title_of
from cli.options import csv_option, json_option, option, verb
from cli.recorded import record_for_reading
from client.scheme import check_designation
from record import certificates
from record.certificates import Certificate
from record.database import reading

COLUMNS = ("name", "designation", "title", "number", "certified_on", "expires_on")

_ABOUT = "Lists the holders of certificates that are in force today, with their consent to the public register."
_HELP = """\
columns: name, designation, title, number, certified_on, expires_on. A holder without consent is left out; how many are
         is said on stderr.
--csv:   the same columns, for a spreadsheet
--json:  an array of objects with these fields

examples:
  ./starter.py holders --csv > register.csv
  ./starter.py holders --designation CCSL
"""


@verb("holders", _ABOUT, _HELP)
@option("--designation", multiple=True, metavar="DESIGNATION", help="of this one only; may be repeated")
@csv_option()
@json_option("print one JSON array")
def command(designation: tuple[str, ...], as_csv: bool, as_json: bool) -> int:
    """Ask the record, and show those who consent."""
    for code in designation:
        check_designation(code)
    left_out = shown = 0
    with reading(record_for_reading()) as connection:
        stream = _stream(as_csv=as_csv, as_json=as_json)
        for one in certificates.in_force(connection, datetime.now(UTC), designation):
            if one.publish and one.holder:
                shown += 1
                stream.add(_entry(one) if as_json else tuple(_entry(one).values()))
            else:
                left_out += 1
        stream.end()
    output.say(_summary(shown, left_out))
    return exits.DONE


def _stream(*, as_csv: bool, as_json: bool) -> output.Stream:
    if as_json:
        return output.Array()
    return csv_output.Table(COLUMNS) if as_csv else tables.Rows(COLUMNS)


def _entry(one: Certificate) -> dict[str, Any]:
    values = (one.holder, one.designation, title_of(one), one.number, str(one.certified_on), str(one.expires_on))
    return dict(zip(COLUMNS, values, strict=True))


def _summary(shown: int, left_out: int) -> str:
    holders = "1 holder" if shown == 1 else f"{shown} holders"
    if not left_out:
        return f"{holders}."
    consent = "does not consent to the register, and is" if left_out == 1 else "do not consent to the register, and are"
    return f"{holders}; {left_out} more {consent} left out."
