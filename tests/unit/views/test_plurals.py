"""One of something is never told in the plural, whatever the scheme's numbers are."""

import re
from collections.abc import Iterator

from activities.rendering import Renderer
from domain.effects import Notify
from domain.plurals import counted
from tests.cases import each
from tests.unit.domain.builders import PEOPLE, START, Candidacy, days, holder, local, with_rules
from views.details import details
from views.standing import status_view
from views.timeline import summary_of, timeline_view

ONES = with_rules(
    testing={
        "purchase_days": 1,
        "settlement_days": 1,
        "window_months": 1,
        "extension_days": 1,
        "reminder_days": [1],
    },
    retakes={"attempts": 1, "wait_days": 1},
    experience={"months": 1},
    work_product={"failures": 1, "revisions": 1, "revision_days": 1},
    certificate={"evidence": 1, "reminder_days": [1], "window_months": 1, "grace_days": 1, "lapse_months": 1},
    suspension={"attention_days": 1},
)
MANY = "days|months|attempts|work products|activities|older events|events|results|texts"
WRONG = re.compile(rf"(?<![-\d])\b1 ({MANY})\b|\b1 (attempt|activity|older event) are\b")


def told(candidacy: Candidacy) -> Iterator[str]:
    """Whatever people can read of this candidacy now: mails, timeline, page and status."""
    for effect in candidacy.effects:
        if isinstance(effect, Notify):
            yield " ".join(" ".join(Renderer().render(effect.notice, "Ana Ruiz", effect.facts)).split())
    yield from map(summary_of, candidacy.events)
    yield details(candidacy.state, candidacy.clock)
    yield status_view(candidacy.state, "Ana Ruiz", candidacy.clock).model_dump_json()


def abandoned() -> Candidacy:
    candidacy = Candidacy(of=ONES, paid=False)
    candidacy.advance_to(START + days(3))
    return candidacy


def refused() -> Candidacy:
    candidacy = Candidacy(of=ONES)
    candidacy.submit()
    candidacy.review("failed")
    return candidacy


def used_up() -> Candidacy:
    candidacy = Candidacy(of=ONES)
    candidacy.result(PEOPLE, 10, at=START + days(1))
    candidacy.result(PEOPLE, 90, at=START + days(1))
    return candidacy


def reminded() -> Candidacy:
    candidacy = Candidacy(of=ONES, since=None)
    candidacy.advance_to(local("2026-12-22"))
    return candidacy


def revised() -> Candidacy:
    candidacy = Candidacy(of=ONES, since="2026-11-20")
    candidacy.submit()
    candidacy.review("revise")
    return candidacy


def expiring() -> Candidacy:
    candidacy = holder(of=ONES)
    candidacy.say("suspend", local("2030-02-20"), reason="x", by="y")
    candidacy.advance_to(local("2030-03-05"))
    return candidacy


@each("life", [abandoned, refused, used_up, reminded, revised, expiring])
def test_a_life_under_a_scheme_of_ones_is_told_in_the_singular(life: object) -> None:
    assert callable(life)
    candidacy = life()
    for text in told(candidacy):
        assert not WRONG.search(text), text


def test_the_singulars_that_a_life_brings_are_there() -> None:
    def all_of(candidacy: Candidacy) -> str:
        return "\n".join(told(candidacy))

    assert "the purchase was not confirmed within 1 day of registration" in all_of(abandoned())
    assert "1 work product failed" in all_of(refused())
    assert "1 attempt at people-management used without a pass" in all_of(used_up())
    assert "1 attempt is used already, and no more are allowed" in all_of(used_up())
    assert "Reminder: 1 day to the testing deadline" in all_of(reminded())
    assert "1 day to the certificate's expiry" in all_of(expiring())


@each(("omitted", "summary"), [(1, "1 older event is not"), (2, "2 older events are not")])
def test_events_that_are_left_out_are_counted(omitted: int, summary: str) -> None:
    candidacy = Candidacy()
    assert timeline_view(candidacy.events, omitted)[0].summary == f"{summary} carried by this run"


@each(
    ("number", "said"),
    [(0, "0 days"), (1, "1 day"), (2, "2 days"), (1.0, "1 day"), (1.5, "1.5 days"), (1234567, "1234567 days")],
)
def test_a_number_has_the_word_that_goes_with_it(number: float, said: str) -> None:
    assert counted(number, "day") == said
    assert counted(number, "activity", "activities") == said.replace("days", "activities").replace("day", "activity")
