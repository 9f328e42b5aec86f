"""`starter.py register`: enrols one candidate."""

import json
from typing import Any, NamedTuple

from cli import before, exits, output
from cli.options import json_option, option, verb, word
from cli.session import connected
from client import scheme
from client.connection import Client
from client.enrolment import Enrolment, checked, enrol, under_way
from client.errors import Closed, FieldError, InvalidFields, StillClosing, UnknownValue
from feeds import dates
from feeds.spreadsheets import damaged_id

_ABOUT = "Enrols one candidate. Doing it again with the same data changes nothing and is no error."
_EXAMPLE = """\
example:
  ./starter.py register --candidate C-1001 --name "Ana Ruiz" --email ana@example.org --designation CCSL \\
    --purchase-ref INV-77 --purchased-at 2026-11-22T15:00:00Z \\
    --role "Director, Customer Care" --experience-since 2024-03-01
"""
_PURCHASE = "Purchase, if it is confirmed already"
_EXPERIENCE = "Experience on the job, if it is known already"


class Person(NamedTuple):
    """Who is to be enrolled, from the flags of the same names."""

    candidate: str
    name: str
    email: str
    designation: str
    purchase_ref: str | None
    purchased_at: str | None
    role: str | None
    experience_since: str | None
    ended: str | None
    attested_by: str | None
    publish: bool


@verb("register", _ABOUT, _EXAMPLE)
@option("--candidate", required=True, type=word, metavar="ID", help="opaque, e.g. C-1001")
@option("--name", required=True, metavar="NAME", help="the candidate's full name")
@option("--email", required=True, metavar="ADDRESS", help="where notices go")
@option("--designation", required=True, type=word, metavar="CODE", help="e.g. CCSL")
@option("--purchase-ref", metavar="REFERENCE", heading=_PURCHASE, help="the invoice or order, e.g. INV-77")
@option(
    "--purchased-at",
    metavar="DAY|INSTANT",
    heading=_PURCHASE,
    help="2026-11-22, or 2026-11-22T15:00:00Z (default: now)",
)
@option("--role", metavar="ROLE", heading=_EXPERIENCE, help="e.g. 'Director, Customer Care'")
@option("--experience-since", metavar="DAY", heading=_EXPERIENCE, help="e.g. 2024-03-01")
@option("--ended", metavar="DAY", heading=_EXPERIENCE, help="where it has ended")
@option("--attested-by", metavar="NAME", heading=_EXPERIENCE, help="who attests it")
@option("--publish", is_flag=True, help="the holder consents to the public register")
@option("--re-enrol", is_flag=True, help="open a new candidacy although one is closed")
@option("--allow-lookalikes", is_flag=True, help="go on although somebody enrolled has a like id, address or purchase")
@option("--no-wait", is_flag=True, help="do not wait for the engine's first answer")
@json_option("print the outcome as one JSON document")
def command(re_enrol: bool, allow_lookalikes: bool, no_wait: bool, as_json: bool, **given: Any) -> int:
    """Check the registration here, then start the candidacy."""
    person = Person(**given)
    try:
        scheme.check_designation(person.designation)
    except UnknownValue as error:
        raise exits.BadInput(f"--{error.what}: {error.sentence}") from error
    enrolment = _checked(person)
    title = scheme.titles().get(person.designation)
    known = before.of({1: enrolment})
    if not allow_lookalikes:
        _refuse_alike(person, known)
    recorded = known.closed.get(enrolment.candidacy.workflow_id)

    async def work(client: Client) -> int:
        known.say()
        outcome = await _enrol(client, enrolment, title, again=re_enrol, recorded=recorded)
        await _show(client, enrolment, outcome, wait=not no_wait, as_json=as_json)
        return exits.DONE

    return connected(work)


def _checked(person: Person) -> Enrolment:
    """The registration of this person. Raises `exits.BadInput` with what is wrong, said of the flags."""
    damaged = [(option, damaged_id(value)) for option, value in _ids(person)]
    if notes := [f"{option}: {problem}" for option, problem in damaged if problem]:
        raise exits.BadInput("A spreadsheet has changed what was copied:", notes)
    try:
        return checked(json.dumps(_registration(person)).encode())
    except InvalidFields as error:
        notes = [_in_flags(person, one) for one in error.errors]
        raise exits.BadInput(error.sentence, notes, **exits.of(error).facts) from error


def _ids(person: Person) -> tuple[tuple[str, str | None], ...]:
    return (("--candidate", person.candidate), ("--purchase-ref", person.purchase_ref))


def _in_flags(person: Person, error: FieldError) -> str:
    """What is wrong with a field, said of the flag that fills it; of a day, what to write."""
    options = {
        "purchase.reference": ("--purchase-ref", None, None),
        "purchase.purchased_at": ("--purchased-at", dates.day_or_instant, person.purchased_at),
        "experience.started_on": ("--experience-since", dates.day, person.experience_since),
        "experience.ended_on": ("--ended", dates.day, person.ended),
    }
    if error.field == "experience":  # the only fault of an experience as a whole
        return "--ended lies before --experience-since"
    field = error.field.rpartition(".")[2].replace("_", "-")
    option, explain, value = options.get(error.field, (f"--{field}", None, None))
    return f"{option}: {explain(value, error.problem) if explain and value else error.problem}"


def _refuse_alike(person: Person, known: before.Known) -> None:
    """Raises `exits.BadInput` where the candidate may be enrolled already, under another id."""
    if not known.alike:
        return
    notes = [
        f"{person.candidate} has the same {one.shared} as {one.enrolled}."
        if one.shared
        else f"{person.candidate} looks like {one.enrolled}."
        for one in known.alike
    ]
    raise exits.BadInput(
        f"{person.candidate} may be enrolled already, under another id, so nothing was started:",
        [*notes, "If these are different people, add --allow-lookalikes."],
        enrolled=sorted({one.enrolled for one in known.alike}),
    )


async def _enrol(client: Client, enrolment: Enrolment, title: str | None, *, again: bool, recorded: str | None) -> str:
    try:
        return await enrol(client, enrolment, title, again=again, recorded=recorded)
    except StillClosing:
        raise  # it says what to do
    except Closed as error:
        if error.notes:
            raise  # it was ended from outside, so a new one is not the way out
        sentence = (
            f"The candidacy of {enrolment.candidacy} is closed ({error.status}); --re-enrol opens a new one on purpose."
        )
        raise exits.Closed(sentence, **exits.of(error).facts) from error


async def _show(client: Client, enrolment: Enrolment, outcome: str, *, wait: bool, as_json: bool) -> None:
    candidacy = enrolment.candidacy
    status = await under_way(client, candidacy) if wait else None
    if as_json:
        output.document(
            {
                "outcome": outcome,
                "workflow_id": candidacy.workflow_id,
                "status": status.status if status else None,
                "purchase_confirmed": bool(status.purchased_at) if status else None,
            }
        )
        return
    stands = f"status {status.status}" if status else "waits for a worker to take it up"
    output.say(f"{candidacy}: {outcome}, {stands if wait else 'not waited for'}.")
    if status and enrolment.purchase_reference and not status.purchased_at:
        output.say("  The purchase was not accepted; `timeline` says why. Send a right one with `confirm-purchase`.")


def _registration(person: Person) -> dict[str, Any]:
    """The start input of the contract, from the flags."""
    registration: dict[str, Any] = {
        "candidate_id": person.candidate,
        "name": person.name,
        "email": person.email,
        "designation": person.designation,
    }
    purchase = {"reference": person.purchase_ref, "purchased_at": person.purchased_at}
    experience = {
        "role": person.role,
        "started_on": person.experience_since,
        "ended_on": person.ended,
        "attested_by": person.attested_by,
    }
    if any(purchase.values()):
        _together(person.purchase_ref, "--purchased-at needs --purchase-ref.")
        registration["purchase"] = _given(purchase)
    if any(experience.values()):
        _together(person.role and person.experience_since, "Experience needs both --role and --experience-since.")
        registration["experience"] = _given(experience)
    if person.publish:
        registration["publish"] = True
    return registration


def _together(there: object, sentence: str) -> None:
    if not there:
        raise exits.BadInput(sentence)


def _given(fields: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
