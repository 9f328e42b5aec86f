"""Certificates in words, as several verbs show them."""

from client import scheme
from domain.vocabulary import Status
from record import certificates
from record.certificates import Certificate


def standing(found: Certificate) -> str:
    """How the certificate stands today, and why, in words."""
    expired = f"; it had expired on {found.expired_on}" if found.expired_on else ""
    if found.in_force:
        return f"in force, until {found.expires_on}"
    if found.standing == certificates.EXPIRED:
        return f"not in force: expired on {found.expired_on}"
    if found.standing == certificates.SUSPENDED:
        return f"not in force: suspended since {found.since}{expired}"
    if found.standing == Status.SUPERSEDED:
        return f"not in force: superseded by {found.superseded_by} on {found.since}"
    if found.standing == Status.WITHDRAWN:
        return f"not in force: given up on {found.since}{expired}"
    return f"not in force: {found.standing.replace('_', ' ')} on {found.since}{expired}"


def title_of(found: Certificate) -> str | None:
    """The title in the programme that the candidacy has pinned, else in the scheme in force here."""
    return found.title or scheme.titles().get(found.designation)
