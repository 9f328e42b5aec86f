"""A candidacy that Temporal does not have, where there is no record to ask."""

import pytest

from cli import exits, forgotten
from client.candidacy import Candidacy


@pytest.mark.parametrize(
    ("setting", "value"),
    [("CERTPATH_RECORD_URL_FILE", "no-such-file"), ("CERTPATH_RECORD_URL", "no address"), ("CERTPATH_RECORD_URL", "")],
)
def test_without_a_record_that_can_be_read_there_is_no_such_candidacy(
    setting: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, value)
    candidacy = Candidacy("C-1", "CCSL")
    stop = forgotten.stop(candidacy.not_found())
    assert isinstance(stop, exits.NotFound)
    assert stop.notes == ()
    assert forgotten.closed([candidacy]) == {}
