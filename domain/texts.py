"""Texts that people write: how two of them are compared (R16), and what is masked in them (rule 25, R9).

It loads without pydantic, because the lists of the command line use it and cannot wait for the models.
"""

from __future__ import annotations

import json
import re
import unicodedata

MASK = "(e-mail address)"

ERASED = "(erased)"
"""What is read in place of a name or a text that was erased."""

# JSON may write the at sign as \u0040, and Unicode has two more of them.
_AT_SIGNS = ("@", r"\u0040", "\uff20", "\ufe6b")
_SEPARATORS = r"\s\"'<>,;:"
# The search starts only where a word begins: starting at every letter would take 40 ms for 2 KB without a space, and
# some dozens of such messages would outlast a workflow task.
_EMAIL = re.compile(rf"(?<![^{_SEPARATORS}])[^{_SEPARATORS}]+({'|'.join(map(re.escape, _AT_SIGNS))})[^{_SEPARATORS}]+")
_BETWEEN_WORDS = re.compile(f"[{_SEPARATORS}]")
# What stands around an address in a text such as `Ana Ruiz <ana@example.org>` or `mailto:ana@example.org`.
_AROUND = re.compile(r"[\s<>()\[\]{},;:\"]+")
_ENDS = ".'`/|="

# Letters that Unicode does not take apart into a plain letter and an accent.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})


def folded(text: str) -> str:
    """The text for comparing: in Unicode NFC, with each run of white space as one space and none at its ends (R16)."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def name_key(text: str) -> str:
    """The text without case, accents, white space, commas and brackets: equal names have equal keys (R9).

    An e-mail address beside the name is no part of it, as in `Ana Ruiz <ana@example.org>`.
    """
    return "".join(word for word in _AROUND.split(plain_letters(text)) if "@" not in word)


def plain_letters(text: str) -> str:
    """The text in lower case, with every letter in its plain form: without accents, strokes and joiners."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_STROKES)
    return "".join(letter for letter in apart if not unicodedata.combining(letter) and letter not in "\u200c\u200d")


def address_key(text: str) -> str:
    """An e-mail address without case, and with its characters in their plain form."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def addresses_in(text: str) -> tuple[str, ...]:
    """The keys of the e-mail addresses in this text."""
    return tuple(word for part in _AROUND.split(address_key(text)) if "@" in (word := part.strip(_ENDS)))


def without_addresses(text: str) -> str:
    """The text with its e-mail addresses masked, because it may become part of an event (rule 25, R9)."""
    # Nearly no text has an at sign, and events are read often, so looking for one first saves most of the time.
    return _EMAIL.sub(MASK, text) if any(sign in text for sign in _AT_SIGNS) else text


def with_whole_word(text: str, length: int) -> str:
    """The first characters of the text, and the rest of the word in which they end."""
    end = _BETWEEN_WORDS.search(text, length)
    return text[: end.start()] if end else text


def without_name(text: str, name: str) -> str:
    """The text without this person's name, whether written plainly or with JSON escapes (rule 25)."""
    for spelling in (name, json.dumps(name)[1:-1]):
        text = re.sub(re.escape(spelling), "(name)", text, flags=re.IGNORECASE)
    return text
