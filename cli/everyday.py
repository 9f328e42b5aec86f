"""The short verbs for everyday messages, as data: the words, the message each sends, and a flag for every field.

This is also the command line's list of messages. A new message of the contract is one entry here;
a test holds the table against `domain.commands.MESSAGES`, so that neither can drift.
"""

from typing import Literal, NamedTuple

Kind = Literal["text", "whole", "switch", "yes", "json", "activities"]


class Flag(NamedTuple):
    """One flag: the field of the message that it fills (`purchase.reference`: inside an object), and how it reads.

    `shown` is the word for its value in the help; a flag with choices shows these. `new` says that the flag brings an
    id or a reference from elsewhere, and does not name one that is there.

    Kinds: `text` goes out as it was typed, decimals too, so that no digit is lost; `whole` is a JSON integer;
    `switch` is `--x` or `--no-x`; `yes` is `--x` alone; `json` a JSON text, `@FILE` or `-`; `activities` is both
    `--activity` and that.
    """

    field: str
    shown: str
    help: str
    required: bool = False
    name: str = ""
    choices: tuple[str, ...] = ()
    kind: Kind = "text"
    new: bool = False

    @property
    def key(self) -> str:
        """The name by which click hands its value on: that of the field, as one word."""
        return self.field.replace(".", "__")

    @property
    def option(self) -> str:
        """As typed: the field's own name with dashes, unless `register` calls the same thing otherwise."""
        return f"--{self.name or self.field.replace('_', '-')}"


class Verb(NamedTuple):
    """One verb: its words, its message, and what its help says. `question` is asked first where a person types."""

    words: tuple[str, ...]
    message: str
    help: str
    flags: tuple[Flag, ...]
    example: str
    note: str = ""
    question: str = ""


def _purchase(inside: str = "") -> tuple[Flag, ...]:
    return (
        Flag(f"{inside}reference", "REFERENCE", "the invoice or order, e.g. INV-77", True, "purchase-ref", new=True),
        Flag(
            f"{inside}purchased_at",
            "DAY|INSTANT",
            "2026-11-20, or 2026-11-20T15:00:00Z (default: now)",
            False,
            "purchased-at",
        ),
    )


def _experience(inside: str = "", *, required: bool = True) -> tuple[Flag, ...]:
    return (
        Flag(f"{inside}role", "ROLE", "e.g. 'Director, Customer Care'", required, "role"),
        Flag(f"{inside}started_on", "DAY", "first day in that role, e.g. 2024-03-01", required, "experience-since"),
        Flag(f"{inside}ended_on", "DAY", "where it has ended", False, "ended"),
        Flag(f"{inside}attested_by", "NAME", "who attests it", False, "attested-by"),
    )


_READ = "the candidate reads it, word by word"
_RESULT_ID = Flag("result_id", "ID", "the vendor's id of the result", True)
_SUBMISSION_ID = Flag("submission_id", "ID", "your id of the submission, e.g. W-1", True)
_SUBMITTED_AT = Flag("submitted_at", "INSTANT", "when it was handed in (default: now)")
_REVIEWER = Flag("reviewer", "NAME", "who decided; never the candidate", True)
_NAMESAKE = Flag("not_the_candidate", "", "the reviewer has the candidate's name, and is another person", kind="yes")
_COMMENTS = Flag("comments", "TEXT", f"for the candidate and the timeline; {_READ}")
_BY = Flag("by", "NAME", "who decided", True)
_REASON = Flag("reason", "TEXT", f"why, for the timeline; {_READ}", True)
_DOMAIN = Flag("domain", "DOMAIN", "e.g. people-management", True)
_PERCENTAGE = Flag("percentage", "PERCENT", "e.g. 81.5, exact to the last digit")

GROUPS = {
    "hold": "look at held results and resolve them",
    "work-product": "submit or review the work product",
    "recertify": "submit or review the evidence for a recertification",
}
"""First words that take a second one."""

VERBS = (
    Verb(
        ("confirm-purchase",),
        "confirm_purchase",
        "confirm that testing was purchased: the testing window starts",
        _purchase(),
        "confirm-purchase C-1001 CCSL --purchase-ref INV-77 --purchased-at 2026-11-20T15:00:00Z",
    ),
    Verb(
        ("self-assessment",),
        "record_self_assessment",
        "record a self-assessment of one domain",
        (
            _DOMAIN,
            _PERCENTAGE._replace(required=True),
            Flag("taken_at", "INSTANT", "when it was taken (default: now)"),
        ),
        "self-assessment C-1001 CCSL --domain people-management --percentage 60",
    ),
    Verb(
        ("result",),
        "record_assessment_result",
        "record the result of an assessment, a no-show or a voided attempt",
        (
            _RESULT_ID._replace(new=True),
            _DOMAIN,
            Flag("taken_at", "INSTANT", "when it was taken, e.g. 2026-11-20T15:00:00Z", True),
            Flag("revision", "NUMBER", "a higher one corrects what came before (default: 1)", kind="whole"),
            Flag("source", "NAME", "where it comes from, e.g. the test center"),
            Flag("outcome", "", "default: scored", choices=("scored", "no_show", "voided")),
            _PERCENTAGE,
            Flag("points", "POINTS", "points reached; goes with --out-of"),
            Flag("out_of", "POINTS", "points that could be reached"),
            Flag("form", "FORM", "the form of the test; goes with --responses"),
            Flag("responses", "JSON", "an object or list of answers, @FILE, or - for stdin", kind="json"),
            Flag("passed", "", "the vendor's own verdict; held where it contradicts the score", kind="switch"),
        ),
        """\
result C-1001 CCSL --result-id R-1 --domain people-management \\
    --taken-at 2026-11-20T15:00:00Z --percentage 81.5
result C-1001 CCSL --result-id R-2 --domain operations-management \\
    --taken-at 2026-11-20T15:00:00Z --form F-2 --responses '{"1": "B", "2": "D"}'
result C-1001 CCSL --result-id R-3 --domain customer-relationships \\
    --taken-at 2026-11-20T15:00:00Z --outcome no_show""",
        "A scored result has one of: --percentage; --points with --out-of; --form with --responses.",
    ),
    Verb(
        ("hold", "resolve"),
        "resolve_held_result",
        "accept or reject a held result",
        (
            _RESULT_ID,
            Flag("revision", "NUMBER", "which one, where several are held", kind="whole"),
            Flag("hold", "NUMBER", "which hold, where it was held more than once: `hold list` shows it", kind="whole"),
            Flag("decision", "", "what to do with it", True, choices=("accept", "reject")),
            _BY,
            _REASON,
        ),
        """\
hold resolve C-1001 CCSL --result-id R-7 --decision accept --by "Pat Lee" \\
    --reason 'the test center confirmed the day'""",
    ),
    Verb(
        ("experience",),
        "record_experience",
        "record the on-the-job experience",
        _experience(),
        """\
experience C-1001 CCSL --role "Director, Customer Care" --experience-since 2024-03-01 \\
    --attested-by 'Kim Stone'""",
    ),
    Verb(
        ("work-product", "submit"),
        "submit_work_product",
        "submit the work product, as a reference",
        (
            _SUBMISSION_ID._replace(new=True),
            Flag("uri", "URI", "where it lies", True),
            Flag("sha256", "HEX", "its hash, 64 hex digits, as sha256sum prints it", True),
            _SUBMITTED_AT,
        ),
        """\
work-product submit C-1001 CCSL --submission-id W-1 --uri https://files.example.org/w-1.pdf \\
    --sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08""",
    ),
    Verb(
        ("work-product", "review"),
        "review_work_product",
        "give the verdict on the work product",
        (
            _SUBMISSION_ID,
            _REVIEWER,
            Flag("verdict", "", "revise: it may be submitted again", True, choices=("passed", "revise", "failed")),
            _PERCENTAGE,
            _COMMENTS,
            _NAMESAKE,
        ),
        """\
work-product review C-1001 CCSL --submission-id W-1 --reviewer "Pat Lee" --verdict revise \\
    --comments 'the second chapter lacks its sources'""",
    ),
    Verb(
        ("recertify", "submit"),
        "submit_recertification",
        "submit the evidence for a recertification",
        (
            _SUBMISSION_ID._replace(help="your id of the submission, e.g. E-1", new=True),
            Flag("activities", "JSON", "all of them as a JSON list, @FILE, or - for stdin", True, kind="activities"),
            _SUBMITTED_AT,
        ),
        """\
recertify submit C-1001 CCSL --submission-id E-1 \\
    --activity "Service Design Summit" 2025-04-12 https://example.org/summit 16 \\
    --activity "Coaching course" 2025-09-03""",
    ),
    Verb(
        ("recertify", "review"),
        "review_recertification",
        "approve or return the evidence for a recertification",
        (
            _SUBMISSION_ID._replace(help="the id it was submitted under, e.g. E-1"),
            _REVIEWER,
            Flag("verdict", "", "returned: it may be submitted again", True, choices=("approved", "returned")),
            _COMMENTS,
            _NAMESAKE,
        ),
        'recertify review C-1001 CCSL --submission-id E-1 --reviewer "Pat Lee" --verdict approved',
    ),
    Verb(
        ("advance",),
        "request_advancement",
        "ask for the next designation, on the strength of this certificate",
        (*_purchase("purchase."), *_experience("experience.", required=False)),
        """\
advance C-1001 CCMA --purchase-ref INV-90 \\
    --role "Operations Manager" --experience-since 2025-02-01""",
        "CCMA leads to CCOM, CCMC to CCSL; DESIGNATION is the certificate that is there.",
    ),
    Verb(
        ("extend",),
        "extend_deadline",
        "move the testing deadline",
        (
            Flag("until", "DAY", "the new last day", True),
            _REASON,
            Flag("approved_by", "NAME", "who approved it", True),
        ),
        'extend C-1001 CCSL --until 2029-01-31 --reason "storm closed the test center" --approved-by "Kim Stone"',
    ),
    Verb(
        ("suspend",),
        "suspend",
        "suspend a certificate; no clock stops",
        (_REASON, _BY),
        'suspend C-1001 CCSL --reason "complaint under review" --by "Kim Stone"',
    ),
    Verb(
        ("reinstate",),
        "reinstate",
        "end a suspension",
        (_REASON, _BY),
        'reinstate C-1001 CCSL --reason "complaint dismissed" --by "Kim Stone"',
    ),
    Verb(
        ("revoke",),
        "revoke",
        "revoke a certificate for good",
        (_REASON, _BY),
        'revoke C-1001 CCSL --reason "forged evidence" --by "Kim Stone"',
        "On a terminal it asks first, unless --yes is given.",
        "Revoke the certificate of {} for good?",
    ),
    Verb(
        ("withdraw",),
        "withdraw",
        "end a candidacy, or give up a certificate: at the person's own request, or by the office",
        (
            _REASON._replace(required=False),
            Flag("by", "NAME", "who in the office decided it; leave it out where the person asked for it"),
        ),
        """\
withdraw C-1001 CCSL --reason "moves abroad"
withdraw C-1002 CCSL --by "Kim Stone" --reason 'registered twice'""",
        "On a terminal it asks first, unless --yes is given.",
        "End the candidacy of {} (a holder gives up the certificate)?",
    ),
    Verb(
        ("contact",),
        "update_contact",
        "change name, e-mail address or consent to be published",
        (
            Flag("name", "NAME", "the new name"),
            Flag("email", "ADDRESS", "the new e-mail address"),
            Flag("publish", "", "whether the holder consents to the public register", kind="switch"),
        ),
        "contact C-1001 CCSL --email ana.ruiz@example.org --no-publish",
    ),
    Verb(
        ("acknowledge",),
        "acknowledge",
        "put an attention value to rest",
        (
            Flag("attention", "VALUE", "one of those that `status` shows, e.g. refused-message", True),
            _BY,
            Flag("note", "TEXT", "for the timeline; the candidate does not get it"),
        ),
        'acknowledge C-1001 CCSL --attention refused-message --by "Pat Lee"',
    ),
)
"""Every message that may come from outside, in the order of a candidate's life; the others go between workflows."""

QUESTIONS = {verb.message: verb.question for verb in VERBS if verb.question}
"""What is asked before such a message is sent, where a person types."""
MESSAGES = tuple(verb.message for verb in VERBS)
"""Their names."""


def sentence(help: str) -> str:
    """A help of the table as a whole sentence."""
    return f"{help[0].upper()}{help[1:]}."
