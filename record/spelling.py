"""What a text is searched by: its letters without case and accents, cut into pieces of one to three letters.

Each database has an inverted index of the pieces. A text is found if every piece of it is there, so the index answers
for a part of a name in any script.
"""

from __future__ import annotations

import unicodedata

from domain.texts import plain_letters

_MOST_LETTERS = 250
"""Of a longer text only the beginning is found: an index of PostgreSQL takes no key of some thousand bytes."""
PIECE = 3
"""So many letters has a piece of the middle of a text."""
_BEGINNING = "_"


def key_of(text: str) -> str:
    """The letters and digits of the text in their plain form, without anything between them: `Ana-Ruíz` is `anaruiz`.

    It is empty for a text that has none.
    """
    return "".join(words_of(text))[:_MOST_LETTERS]


def pieces_of(text: str) -> frozenset[str]:
    """The pieces that the text can be found by."""
    key = key_of(text)
    found = set(_cut(key, PIECE))
    for word in words_of(text):
        found.update((_BEGINNING + word[:1], _BEGINNING + word[:2]))
    # One or two letters say much in a script that has thousands of them, and a name may have no more.
    found.update(part for length in (1, 2) for part in _cut(key, length) if _caseless(part))
    return frozenset(found)


def keys_of(text: str) -> list[str]:
    """The keys of the words that somebody has typed, each to be a part of what is found.

    Initials as in `T.S.` are words of one letter each, as in the name. A short id as `E-1` stays one word.
    """
    keys: list[str] = []
    for typed in text.split():
        key = key_of(typed)
        keys += words_of(typed) if len(key) < PIECE and key.isalpha() else [key] if key else []
    return keys


def wanted_pieces(key: str) -> list[str]:
    """The pieces that a text has if this key, a part of a text, is in it.

    A key of one or two letters is meant as the beginning of a word. In a script without capital letters, such as
    Chinese, it may stand anywhere.
    """
    if len(key) < PIECE:
        return [key] if _caseless(key) else [_BEGINNING + key]
    parts = list(dict.fromkeys(_cut(key, PIECE)))
    # Some pieces are enough for the index, because what it finds is compared with the whole key.
    step = -(-len(parts) // _ENOUGH)
    return parts[::step]


_ENOUGH = 8


def words_of(text: str) -> list[str]:
    """The words of the text, in their plain form."""
    spaced = "".join(letter if _counts(letter) else " " for letter in plain_letters(text))
    return spaced.split()


def _counts(letter: str) -> bool:
    # Vowel signs of Indic and other scripts are marks, and stay.
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def _caseless(text: str) -> bool:
    return all(unicodedata.category(letter) == "Lo" for letter in text)


def _cut(text: str, length: int) -> list[str]:
    return [text[first : first + length] for first in range(len(text) - length + 1)]
