"""The candidacies of one person, who has at most one open candidacy for each designation of the scheme (rule 24)."""

import asyncio
from typing import NamedTuple

from temporalio.client import Client

from client import scheme
from client.candidacy import Candidacy, is_closing, is_open, never_began, status_of
from client.errors import BadInput, NeverBegan, NotFound, WhichDesignation
from client.scheme import check_designation
from domain.identity import read_workflow_id


class Found(NamedTuple):
    """One candidacy of a person: whether it is open, and its status as published."""

    candidacy: Candidacy
    open: bool
    status: str


async def of(client: Client, candidate_id: str) -> list[Found]:
    """The candidacies of this person that Temporal still has, the newest enrolment of each designation.

    The workflow ids are asked for one by one, because the list of workflows may be some seconds behind.

    Raises:
        BadInput: the scheme file cannot be read here, so the designations are not known.
        NotFound: there is none; `NeverBegan` where there are only registrations that were invalid.
        Unreachable: Temporal does not answer.
    """
    codes = list(scheme.titles())
    if not codes:
        raise BadInput("The scheme file cannot be read here: name the designation.")
    looked_up = await asyncio.gather(*(_look_up(client, Candidacy(candidate_id, code)) for code in codes))
    found = [one for one in looked_up if isinstance(one, Found)]
    if not found:
        if invalid := next((one for one in looked_up if isinstance(one, NeverBegan)), None):
            raise invalid
        raise NotFound(
            f"There is no candidacy of {candidate_id} for {' or '.join(codes)}: check the id, or register it first.",
            workflow_id=Candidacy(candidate_id, codes[0]).workflow_id,
        )
    return found


async def _look_up(client: Client, candidacy: Candidacy) -> Found | NeverBegan | None:
    """What there is of this candidacy; the error that says so where only an invalid registration is."""
    try:
        described = await candidacy.describe(client)
    except NotFound:
        return None
    if never_began(described):
        return candidacy.never_began()
    return Found(candidacy, is_open(described) and not is_closing(described), status_of(described))


def check_named(designation: str | None) -> None:
    """Raises `UnknownValue` for a designation that the scheme does not have; one left out is looked up later."""
    if designation is not None:
        check_designation(designation)


async def meant(client: Client, candidate_id: str, designation: str | None, *, to_send: bool = False) -> Candidacy:
    """The candidacy that is meant where the designation may be left out; `check_named` has checked one that is given.

    `to_send`: it is to take a message, so that an open candidacy is preferred to those that are closed.

    Raises:
        WhichDesignation: the person has several candidacies, and none is named.
        NotFound: there is none; and as `of` does.
    """
    if designation is not None:
        return Candidacy(candidate_id, designation)
    try:
        found = await of(client, candidate_id)
    except NeverBegan as error:
        # Whoever asks it hears what is wrong with the registration.
        return Candidacy(candidate_id, read_workflow_id(error.workflow_id).designation)
    if to_send:
        found = [one for one in found if one.open] or found
    if len(found) == 1:
        return found[0].candidacy
    raise WhichDesignation(candidate_id, [(one.candidacy.designation, one.status) for one in found])
