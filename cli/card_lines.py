"""The lines of a card, as verbs make them and as `cli.tables` prints them or `cli.drawing` draws them."""

from typing import Literal

from views.plain import one_line

Mark = Literal["met", "open", "alert", "none"]

MARKS: dict[Mark, tuple[str, str]] = {
    "met": ("✓", "green"),
    "open": ("·", "yellow"),
    "alert": ("!", "bold red"),
    "none": (" ", ""),
}
"""The sign of each mark, and its style on a terminal."""


class Row:
    """One line of a card: a label, what there is to say, and whether that is good."""

    def __init__(self, label: str, text: str, mark: Mark = "none") -> None:
        self.label = label
        self.text = one_line(text)
        self.mark = mark
