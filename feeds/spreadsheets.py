"""What a spreadsheet does to ids and texts, found before it is sent: digits that are lost, errors, and formulas."""

import re

from feeds.explain import quoted
from feeds.table import Finding, finding

# 1.23E+05, 1,23457E+11. An honest 12E3 has no sign.
_NOTATION = re.compile(r"\d+([.,]\d+)?E[+-]\d+", re.ASCII | re.IGNORECASE)
# The errors of spreadsheets in English; #NV and #BEZUG! in German; #N/D and #¡REF! in others. ### is a narrow column.
_ERROR = re.compile(r"#(N/?[AVD]|¡?[\w/]{2,12}[!?]|#+)", re.IGNORECASE)
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SHOWN = 40


def damaged_id(value: object) -> Finding | None:
    """What a spreadsheet has made of an id or a reference; None where it seems to be as it was."""
    if isinstance(value, str) and _NOTATION.fullmatch(value):
        return finding(
            '"{}" is what a spreadsheet makes of a long number, and digits are lost: take it from where it comes from, '
            "and format that column of the spreadsheet as text",
            value[:_SHOWN],
        )
    return damaged_text(value)


def damaged_text(value: object) -> Finding | None:
    """What a spreadsheet has put in the place of a text; None where it seems to be as it was."""
    if not isinstance(value, str):
        return None
    if _ERROR.fullmatch(value):
        return finding('"{}" is an error of a spreadsheet, not a value: write the value itself', value[:_SHOWN])
    if inside := _FORMULA.fullmatch(value):
        # The text may be a person's name in the wrong column, which is not shown.
        meant = quoted(inside[1])
        meant = "what stands in the quotes alone" if meant == "this" else f"{meant} alone, without quotes"
        return finding('is a formula of a spreadsheet (="…"): write {}', meant)
    return None
