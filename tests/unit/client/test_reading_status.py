"""The status answer as a client reads it: of this build, of an older one, and of a newer one."""

from typing import Any

import pytest

from domain.vocabulary import Status
from tests.cases import each
from views.status import StatusView

WHO = {"candidate_id": "C-1", "designation": "CCSL", "status": "testing"}


def test_what_an_older_build_does_not_say_has_a_default() -> None:
    view = StatusView.parse({**WHO, "experience": {"required": True}, "next": {"on": "2027-01-01", "what": "reminder"}})
    assert view.status is Status.TESTING
    assert (view.assessments, view.certificate, view.sequence) == ({}, None, 0)
    assert view.experience is not None
    assert view.experience.recorded is None
    assert not view.tells_upcoming
    assert not view.tells_matters
    (event,) = view.events
    assert (str(event.on), event.what, event.at) == ("2027-01-01", "reminder", None)


def test_words_of_a_newer_build_are_kept_as_they_are() -> None:
    view = StatusView.parse(
        {**WHO, "status": "dormant", "work_product": {"status": "archived"}, "new": 1, "path": "third"}
    )
    assert (view.status, view.path) == ("dormant", "third")
    assert view.work_product is not None
    assert view.work_product.status == "archived"
    assert not view.closed_for_good


@each("answer", [None, [], "testing", {}, {**WHO, "status": 7}, {**WHO, "testing_deadline": "soon"}])
def test_what_is_no_answer_is_a_value_error(answer: Any) -> None:
    with pytest.raises(ValueError, match="StatusView"):
        StatusView.parse(answer)


def test_an_answer_is_read_as_it_was_made() -> None:
    view = StatusView.parse({**WHO, "closed": {"at": "2027-01-01T00:00:00.123456Z", "why": "x"}, "status": "withdrawn"})
    assert StatusView.parse(view.document()) == view
    assert view.document()["closed"]["at"] == "2027-01-01T00:00:00.123456Z"
    assert view.closed_for_good
