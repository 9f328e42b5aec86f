"""The shipped scheme says what the designation table and the rulebook say. No other test reads its numbers."""

from decimal import Decimal

import pytest

from activities.programme import read_scheme
from runtime.settings import ROOT

SHIPPED = ROOT / "schemes" / "ciac.toml"
SCHEME = read_scheme(SHIPPED)

RULEBOOK: dict[str, dict[str, object]] = {
    "testing": {
        "window_months": 24,
        "purchase_days": 90,
        "settlement_days": 14,
        "reminder_days": (180, 90, 30, 7),
        "reminder_hour": 9,
        "extension_days": 180,
    },
    "retakes": {"attempts": 3, "wait_days": 30},
    "work_product": {"inside_window": "submitted", "revisions": 1, "revision_days": 30, "failures": 2},
    "experience": {"months": 12},
    "certificate": {
        "validity_months": 36,
        "window_months": 12,
        "reminder_days": (180, 90, 30, 7),
        "reminder_days_after": (1,),
        "evidence": 1,
        "grace_days": 90,
        "lapse_months": 12,
    },
    "suspension": {"attention_days": 180},
    "erasure": {"after_closing_months": 36},
    "references": {"uri_schemes": ("https", "http", "s3", "gs", "az", "urn")},
}


@pytest.mark.parametrize("group", RULEBOOK)
def test_every_number_of_the_rulebook_is_in_the_file(group: str) -> None:
    assert getattr(SCHEME.rules, group).model_dump() == RULEBOOK[group]


def test_notices_are_tried_for_seven_days() -> None:
    assert SCHEME.rules.notices.retry_days == 7


def test_the_designation_table_is_in_the_file() -> None:
    table = {
        code: (line.passing_score, line.work_product, line.experience is not None, line.advances_to)
        for code, line in SCHEME.designations.items()
    }
    assert table == {
        "CCSL": (Decimal(75), True, True, None),
        "CCOM": (Decimal(75), True, True, None),
        "CCMA": (Decimal(70), False, False, "CCOM"),
        "CCMC": (Decimal(75), False, False, "CCSL"),
    }
    assert [line.title for line in SCHEME.designations.values()] == [
        "CIAC-Certified Strategic Leader",
        "CIAC-Certified Operations Manager",
        "CIAC-Certified Management Associate",
        "CIAC-Certified Management Consultant",
    ]
    assert SCHEME.designations["CCSL"].experience == "at least 1 year in a call-center strategic leadership role"
    assert SCHEME.designations["CCOM"].experience == "at least 1 year managing a call-center operation"


def test_the_domains_and_the_body_are_in_the_file() -> None:
    assert SCHEME.domains == {
        "people-management": "People Management",
        "operations-management": "Operations Management",
        "customer-relationships": "Customer Relationships",
        "leadership-and-business": "Leadership & Business",
    }
    assert (SCHEME.body.zone, SCHEME.body.email, SCHEME.body.phone) == (
        "America/Chicago",
        "info@ciac-cert.org",
        "+1 615 373 2376",
    )
    assert SCHEME.version


def test_every_rule_is_marked_as_the_tables_or_ours() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    start, end = lines.index("[rules.testing]"), next(i for i, line in enumerate(lines) if "[designations" in line)
    rules = [line for line in lines[start:end] if "=" in line]
    unmarked = [line for line in rules if "# table" not in line and "# assumption" not in line]
    assert not unmarked
    assert len(rules) == sum(len(group) for group in RULEBOOK.values()) + 2
