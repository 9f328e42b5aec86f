"""Explains a cell that was refused: what is wrong with it, and what to write instead.

These functions are called only for values that the domain has refused, and decide nothing themselves. Each takes the
value and the reason that the domain gives, and returns the end of a sentence that begins with the row and the column.
Days and instants are explained by `feeds.dates`.
"""

import difflib
import re
from collections.abc import Callable, Mapping

from feeds.table import finding

# A longer text is no number, so it is not searched for one.
_LONGEST = 60
# At this similarity a value is a misspelling of a known word, and not a person's name in the wrong column.
_SIMILAR = 0.87
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def shortened(value: object) -> str:
    """The value as a sentence may show it: on one line, at most 40 characters, and never an e-mail address."""
    if isinstance(value, (dict, list)):
        return "this"
    text = " ".join(str(value)[:1000].split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    if "@" in text:
        return "this"
    return f'"{text}"' if len(text) <= 40 else f'"{text[:39]}…"'


def quoted(value: object) -> str:
    """The same, but a value without a digit is not shown: it may be a person's name in the wrong column."""
    return shortened(value) if any(map(str.isdigit, str(value)[:1000])) else "this"


def flag(value: object) -> object:
    """The boolean for true, false, yes, no, 1 and 0, also for the numbers. Any other value is returned as it is."""
    if type(value) is int and value in (0, 1):
        return bool(value)
    return _FLAGS.get(value.lower(), value) if isinstance(value, str) else value


def number(value: object, reason: str) -> str:
    """Explain a value that is not a number, or is outside its limits."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        if "%" in value:
            return finding("{}: leave the percent sign off", quoted(value))
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", value, re.ASCII):
            either = (value.replace(",", ""), value.replace(",", "."))
            return finding("{} is ambiguous: write {} or {}", quoted(value), *either)
        if _WITH_COMMA.fullmatch(value):
            return _write_a_point(value)
        if not re.fullmatch(r"[+-]?\d*\.?\d*([eE][+-]?\d+)?", value, re.ASCII):
            return finding("{} is no number: write digits and a point, e.g. 81.5", quoted(value))
    return finding("{} {}: correct it", quoted(value), reason, about=reason)


def percentage(value: object, reason: str) -> str:
    """The same, of a percentage: a comma in it never parts thousands, because it is at most 100."""
    if isinstance(value, str) and len(value) <= _LONGEST and _WITH_COMMA.fullmatch(value):
        return _write_a_point(value)
    return number(value, reason)


def _write_a_point(value: str) -> str:
    return finding("{}: write {} (a point, not a comma)", quoted(value), value.replace(",", "."))


def whole(value: object, _reason: str) -> str:
    """Explain a value that is not a revision."""
    return finding("{} is no whole number from 1 to 10000: write e.g. 2, without a point", quoted(value))


def truth(_value: object, _reason: str) -> str:
    """Explain a value that is neither yes nor no. It may be a person's name in the wrong column, so it is not shown."""
    return "is neither true nor false: write one of them (or yes, no, 1, 0)"


def line(value: object, reason: str) -> str:
    """Explain a value that is not one line of text. It may be a person's name, so it is not shown."""
    if not isinstance(value, str):
        return "must be text: write it in quotes"
    if len(value) > 200:
        return finding("has {} characters: shorten it to 200", len(value))
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "holds a line break, tab or control character: write it on one line"
    return f"{reason}: correct it"


def email(value: object, _reason: str) -> str:
    """Explain a value that is not an e-mail address. It is not shown."""
    if isinstance(value, str) and len(value) > 254:
        return "is longer than the 254 characters of an e-mail address: correct it"
    return "is no e-mail address: write exactly one, name@domain, without blanks, commas or brackets"


def candidate(value: object, reason: str) -> str:
    """Explain a value that is not a candidate id. It may be a name in the wrong column, so it is not shown."""
    if isinstance(value, str) and "@" in value:
        return "is an e-mail address: write an opaque id, such as C-1001"
    return code(value, reason)


def code(value: object, _reason: str) -> str:
    """Explain a value that is not a candidate id, designation or form. It is not shown."""
    if not isinstance(value, str):
        return 'must be text: write it in quotes, as in "1001"'
    return "must be 1 to 64 letters, digits, dots, underscores or hyphens, without blanks: correct it"


def identifier(value: object, _reason: str) -> str:
    """Explain a value that is not the id of a result or of a message."""
    if not isinstance(value, str):
        return 'must be text: write it in quotes, as in "5001"'
    form = "{} is no id: write visible ASCII characters without blanks, 64 at most (128 for message_id)"
    return finding(form, quoted(value))


def future(value: object) -> str:
    """Explain a day or an instant that is in the future."""
    return finding("{} lies in the future: only what has happened already can be taken", quoted(value))


def twice(field: str) -> str:
    """Explain a JSON text that has a field twice, also where that stands in another field."""
    return finding("the field {} is given twice: remove one", shortened(field))


def unknown_designation(value: object, titles: Mapping[str, str]) -> str | None:
    """Explain a designation that the scheme does not have. None where it has it, or where `titles` is empty."""
    if not isinstance(value, str) or not titles or value in titles:
        return None
    if value.upper() in titles:
        return finding("{}: write {}", shortened(value), value.upper())
    return f"is no designation of the scheme: write one of {', '.join(titles)}"


def unknown(value: object, kind: str, known: Mapping[str, str]) -> str:
    """Explain a value that is not one of `known`. The keys of `known` are spellings, as `letters` makes them."""
    if not isinstance(value, str):
        return f"must be text: one of {', '.join(dict.fromkeys(known.values()))}"
    similar = difflib.get_close_matches(letters(value[:100]), known, n=1, cutoff=_SIMILAR)
    if similar:
        return finding("{} is no {}: write {}", shortened(value), kind, known[similar[0]])
    every = ", ".join(dict.fromkeys(known.values()))
    return finding("{} is no {}: write one of {}", quoted(value), kind, every)


def letters(text: str) -> str:
    """The letters and digits of a text, in lower case. They are equal for different spellings of the same words."""
    return "".join(filter(str.isalnum, text.casefold().replace("&", "and")))


Explain = Callable[[object, str], str]
"""The type of these functions: from a refused value and the domain's reason to the end of the sentence."""
