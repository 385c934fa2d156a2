"""Records: dataclasses for every purpose, but nothing is compiled when they are defined."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from sigmapath.record import record


@record
class Point:
    """A point."""

    x: float
    y: float = 2.0
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


@record
class Checked:
    """One that looks at its fields."""

    x: float

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")
        object.__setattr__(self, "x", float(self.x))


@record
class Named(Point):
    """One with more fields."""

    name: str


@record(eq=False)
class Itself:
    """One that equals itself alone."""

    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What the standard library makes of the same fields."""

    x: float
    y: float = 2.0
    tags: list[str] = field(default_factory=list)
    note: str = field(default="", compare=False, repr=False)


def test_fields_are_given_by_name_and_defaults_are_filled_in():
    point = Point(x=1.0)
    assert (point.x, point.y, point.tags, point.note) == (1.0, 2.0, [], "")
    assert Point(x=1.0).tags is not point.tags
    with pytest.raises(TypeError, match="positional"):
        Point(1.0)
    with pytest.raises(TypeError, match="needs the field 'x'"):
        Point()
    for wrong in ("z", "__repr__"):
        with pytest.raises(TypeError, match=f"no field '{wrong}'"):
            Point(x=1.0, **{wrong: 1})


def test_nothing_changes():
    point = Point(x=1.0)
    with pytest.raises(FrozenInstanceError):
        point.x = 2.0
    with pytest.raises(FrozenInstanceError):
        point.other = 2.0
    with pytest.raises(FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


def test_it_says_and_compares_what_the_standard_library_would():
    ours, theirs = Point(x=1.0, note="a"), Standard(x=1.0, note="a")
    assert repr(ours) == repr(theirs).replace("Standard", "Point")
    assert asdict(ours) == asdict(theirs)
    assert [f.name for f in fields(ours)] == [f.name for f in fields(theirs)]
    assert ours == Point(x=1.0, note="b")
    assert ours != Point(x=1.5, note="a")
    assert ours != theirs
    assert hash(Checked(x=1)) == hash(Checked(x=1.0))
    with pytest.raises(TypeError, match="unhashable"):
        hash(ours)


def test_it_equals_itself_alone_where_that_is_asked_for():
    one = Itself(x=1.0)
    assert one == one
    assert one != Itself(x=1.0)
    assert len({one, Itself(x=1.0)}) == 2


def test_replace_copy_and_pickle():
    point = Point(x=1.0, tags=["a"], note="n")
    changed = replace(point, y=3.0)
    assert (changed.x, changed.y, changed.tags, changed.note) == (1.0, 3.0, ["a"], "n")
    for other in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert other == point
        assert other.note == "n"


def test_what_follows_construction_runs():
    assert isinstance(Checked(x=1).x, float)
    with pytest.raises(ValueError, match="negative"):
        replace(Checked(x=1), x=-1)


def test_a_record_may_add_fields_to_another():
    named = Named(x=1.0, name="a")
    assert named.y == 2.0
    assert repr(named) == "Named(x=1.0, y=2.0, tags=[], name='a')"
    assert named != Point(x=1.0)


def test_help_shows_the_arguments():
    shown = inspect.signature(Point)
    assert list(shown.parameters) == ["x", "y", "tags", "note"]
    assert shown.parameters["y"].default == 2.0
    assert shown.parameters["x"].default is inspect.Parameter.empty


def test_defining_records_compiles_nothing():
    program = (
        "import sys\n"
        "from sigmapath.record import record\n"
        "class Plain:\n    'A record.'\n    x: float\n    y: float = 1.0\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event))\n"
        "record(Plain)\n"
        "print([event for event in seen if event in ('compile', 'exec')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
