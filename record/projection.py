"""The read models: brought up to date in the transaction that appends the events, and made anew from them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from record.events import Candidacy, Kept


def follow(connection: Connection, candidacy: Candidacy, added: Sequence[Kept]) -> None:
    """Brings the read models of this candidacy up to these events, which have just been appended."""
