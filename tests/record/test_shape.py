"""The shape of the read models: what another build must have alike to count as one that writes the same."""

from pydantic import BaseModel

from domain.state import State
from record.shape import SHAPE, fields_of
from views.status import StatusView


class _Held(BaseModel):
    hold: int
    reasons: tuple[str, ...] = ()


class _State(BaseModel):
    sequence: int
    held: dict[int, tuple[_Held, ...]] | None = None


def test_the_fields_of_a_model_are_named_with_those_of_the_models_within_it() -> None:
    assert fields_of(_State) == {"sequence": [], "held": [{"hold": [], "reasons": []}]}


def test_the_state_and_the_view_are_named_with_everything_in_them_but_the_programme() -> None:
    state, view = fields_of(State), fields_of(StatusView)
    assert state["programme"] == []
    assert "reasons" in state["held"][0]
    assert "why" in view["closed"][0]
    assert len(SHAPE) == 16
