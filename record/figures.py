"""Figures about many candidacies: how many stand where, how many pass, and how long certification takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, Integer, and_, case, cast, func, select

from record.finding import Wanted, chosen
from record.json_values import Json
from record.tables import CANDIDACIES


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the candidacies on the standard path: how many have used an attempt in a domain, and how many have passed."""

    domain: str
    attempted: int
    passed: int
    passed_first: int


class Certified(NamedTuple):
    """A candidacy that was certified. Instants and the day are texts, as the tables and the views have them."""

    designation: str
    registered_at: str
    purchased_at: str | None
    certified_on: str


def counts(connection: Connection, wanted: Wanted) -> dict[tuple[str, str], int]:
    """How many enrolments there are, by designation and status."""
    both = (CANDIDACIES.c.designation, CANDIDACIES.c.status)
    asked = chosen(connection, select(*both, func.count()), wanted).group_by(*both).order_by(*both)
    return {(designation, status): number for designation, status, number in connection.execute(asked)}


def rates(connection: Connection, wanted: Wanted) -> list[Rate]:
    """How each domain stands today, in the order of the domains' names."""
    inside = Json(connection)
    assessment = inside.members(CANDIDACIES.c.view, "assessments", "assessment")
    values = inside.texts(assessment.c.value, ("attempts", "status"), "one")
    attempts, passed = cast(values["attempts"], Integer), values["status"] == "passed"
    domain = assessment.c.key.label("domain")
    tallies = (
        func.sum(case((attempts > 0, 1), else_=0)),
        func.sum(case((passed, 1), else_=0)),
        func.sum(case((and_(passed, attempts == 1), 1), else_=0)),
    )
    asked = chosen(connection, select(domain, *tallies).select_from(CANDIDACIES, assessment), wanted)
    return [Rate(*row) for row in connection.execute(asked.group_by(domain).order_by(domain))]


def certified(connection: Connection, wanted: Wanted) -> Iterator[Certified]:
    """Everybody who was ever certified, with the days from which the way there is counted."""
    purchased_at = Json(connection).text(CANDIDACIES.c.view, "purchased_at")
    asked = select(CANDIDACIES.c.designation, CANDIDACIES.c.registered_at, purchased_at, CANDIDACIES.c.certified_on)
    asked = asked.where(CANDIDACIES.c.certified_on.is_not(None))
    return (Certified._make(row) for row in connection.execute(chosen(connection, asked, wanted)))
