"""`starter.py register`: enrols one candidate."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import exits, output
from cli.arguments import word
from client.errors import Closed

if TYPE_CHECKING:
    from temporalio.client import Client

    from client.enrolment import Enrolment

_EXAMPLE = """\
example:
  ./starter.py register --candidate C-1001 --name "Ana Ruiz" --email ana@example.org --designation CCSL \\
    --purchase-ref INV-77 --purchased-at 2026-11-22T15:00:00Z \\
    --role "Director, Customer Care" --experience-since 2024-03-01
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "register",
        help="enrol one candidate",
        description="Enrols one candidate. Doing it again with the same data changes nothing, no error.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--candidate", required=True, type=word, metavar="ID", help="opaque, e.g. C-1001")
    parser.add_argument("--name", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--designation", required=True, type=word, metavar="CODE", help="e.g. CCSL")
    purchase = parser.add_argument_group("purchase, if it is confirmed already")
    purchase.add_argument("--purchase-ref", metavar="REFERENCE")
    purchase.add_argument("--purchased-at", metavar="INSTANT", help="e.g. 2026-11-22T15:00:00Z (default: now)")
    experience = parser.add_argument_group("experience on the job, if it is known already")
    experience.add_argument("--role")
    experience.add_argument("--experience-since", metavar="DAY", help="e.g. 2024-03-01")
    experience.add_argument("--ended", metavar="DAY", help="where it has ended")
    experience.add_argument("--attested-by", metavar="NAME")
    parser.add_argument("--publish", action="store_true", help="the holder consents to the public register")
    parser.add_argument("--re-enrol", action="store_true", help="open a new candidacy although one is closed")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the engine's first answer")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Checks the registration here, then starts the candidacy."""
    from client import scheme
    from client.enrolment import checked

    titles = scheme.titles()
    if titles and args.designation not in titles:
        raise exits.BadInput(f"--designation: {args.designation} is none of {', '.join(titles)}.")
    enrolment = checked(_registration(args))

    from cli.session import connected

    async def work(client: "Client") -> int:
        return await _register(client, enrolment, titles.get(args.designation), args)

    return connected(work)


async def _register(client: "Client", enrolment: "Enrolment", title: str | None, args: argparse.Namespace) -> int:
    from client.enrolment import enrol, under_way

    candidacy = enrolment.candidacy
    try:
        outcome = await enrol(client, enrolment, title, again=args.re_enrol)
    except Closed as error:
        told = f"The candidacy of {candidacy} is closed ({error.status}); --re-enrol opens a new one on purpose."
        raise exits.Closed(told, **exits.of(error).facts) from error
    status = None if args.no_wait else await under_way(client, candidacy)
    if args.json:
        output.document(
            {
                "outcome": outcome,
                "workflow_id": candidacy.workflow_id,
                "status": status.status if status else None,
                "purchase_confirmed": bool(status.purchased_at) if status else None,
            }
        )
        return exits.DONE
    stands = f"status {status.status}" if status else "waits for a worker to take it up"
    output.say(f"{candidacy}: {outcome}, {stands if not args.no_wait else 'not waited for'}.")
    if status and args.purchase_ref and not status.purchased_at:
        output.say("  The purchase was not accepted; `timeline` says why. Send a right one with `confirm-purchase`.")
    return exits.DONE


def _registration(args: argparse.Namespace) -> dict[str, Any]:
    """The start input of the contract, from the flags."""
    registration: dict[str, Any] = {
        "candidate_id": args.candidate,
        "name": args.name,
        "email": args.email,
        "designation": args.designation,
    }
    purchase = {"reference": args.purchase_ref, "purchased_at": args.purchased_at}
    experience = {
        "role": args.role,
        "started_on": args.experience_since,
        "ended_on": args.ended,
        "attested_by": args.attested_by,
    }
    if any(purchase.values()):
        _together(args.purchase_ref, "--purchased-at needs --purchase-ref.")
        registration["purchase"] = _given(purchase)
    if any(experience.values()):
        _together(args.role and args.experience_since, "Experience needs both --role and --experience-since.")
        registration["experience"] = _given(experience)
    if args.publish:
        registration["publish"] = True
    return registration


def _together(there: object, sentence: str) -> None:
    if not there:
        raise exits.BadInput(sentence)


def _given(fields: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
