"""Groups of options: a command has the options of its groups where it names them."""

from __future__ import annotations

import inspect
from functools import partial

import pytest

from sigmapath.cli.options import takes


def pair(a: int = 1, b: str = "x") -> tuple[int, str]:
    return a, b


@takes(inside=pair)
def outer(inside: tuple[int, str], c: float = 0.5) -> object:
    return inside, c


@takes(outer=outer)
def command(first: str, outer: object, last: bool = False) -> object:
    return first, outer, last


def test_options_stand_where_their_group_stood() -> None:
    parameters = inspect.signature(command).parameters
    assert list(parameters) == ["first", "a", "b", "c", "last"]
    assert parameters["c"].default == 0.5
    assert command.__annotations__["a"] is int


def test_a_group_makes_the_value_of_its_argument() -> None:
    assert command(first="f", a=3, b="y", c=1.0, last=True) == ("f", ((3, "y"), 1.0), True)


def test_what_is_settled_beforehand_is_no_option() -> None:
    @takes(inside=partial(pair, 7))
    def settled(inside: tuple[int, str]) -> object:
        return inside

    assert list(inspect.signature(settled).parameters) == ["b"]
    assert settled(b="z") == (7, "z")


def test_an_option_has_one_meaning() -> None:
    with pytest.raises(AssertionError, match="twice"):

        @takes(inside=pair)
        def doubled(inside: tuple[int, str], a: int = 0) -> object:
            return inside, a
