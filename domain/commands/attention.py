"""The message about what needs attention."""

from __future__ import annotations

from domain.commands.base import Message
from domain.types import Line, Name, Text


class Acknowledge(Message):
    message = "acknowledge"
    about = "puts an attention value to rest"
    attention: Line
    by: Name
    note: Text | None = None
