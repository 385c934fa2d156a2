"""Records: values with named fields that never change. What the whole package is made of.

Enters: a class that lists its fields. Leaves: a dataclass, frozen, with slots and keyword-only, to
which ``dataclasses.replace``, ``fields`` and ``asdict`` apply as to any other.

The standard library writes source code for the methods of every such class and compiles it when
the class is defined: half a millisecond each, so that defining the records which one simulation
needs took longer than the simulation. Here the methods are ordinary functions that all records
share the text of.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["record"]

_T = TypeVar("_T")
_set = object.__setattr__
_MISSING = dataclasses.MISSING


@overload
def record(cls: type[_T], /) -> type[_T]: ...


@overload
def record(*, eq: bool = True) -> Callable[[type[_T]], type[_T]]: ...


@dataclass_transform(
    eq_default=True,
    frozen_default=True,
    kw_only_default=True,
    field_specifiers=(dataclasses.Field, dataclasses.field),
)
def record(cls: type[_T] | None = None, /, *, eq: bool = True) -> Any:
    """Make a class a record: frozen, slotted, keyword-only.

    Parameters
    ----------
    cls : type
        Fields with their types, as for ``dataclasses.dataclass``; ``field`` works as there, but
        every field is an argument.
    eq : bool
        Whether records with equal fields are equal; otherwise each equals itself alone.
    """
    if cls is None:
        return lambda given: _made(given, has_value=eq)
    return _made(cls, has_value=eq)


def _made(cls: type[Any], *, has_value: bool) -> type[Any]:
    # Without methods to write, the standard library compiles nothing.
    plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)
    made: type[Any] = plain(cls)
    fields = dataclasses.fields(made)
    methods: dict[str, Callable[..., Any]] = {
        "__init__": _initialiser(made, fields),
        "__repr__": _shown([f.name for f in fields if f.repr]),
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _state_of([f.name for f in fields]),
        "__setstate__": _restorer([f.name for f in fields]),
    }
    if has_value:
        compared = [f.name for f in fields if f.compare]
        methods["__eq__"] = _equal(compared)
        methods["__hash__"] = _hashed(compared)
    for name, method in methods.items():
        # A class that says what equal means, and no more, has None for its hash.
        if vars(cls).get(name) is None:
            method.__qualname__ = f"{cls.__qualname__}.{name}"
            setattr(made, name, method)
    made.__signature__ = _Signature()
    return made


def _initialiser(
    made: type[Any], fields: tuple[dataclasses.Field[Any], ...]
) -> Callable[..., None]:
    n_field = len(fields)
    # Name, default, factory; both are missing where a value must be given.
    optional = [(f.name, f.default, f.default_factory) for f in fields]
    finish = getattr(made, "__post_init__", None)

    def __init__(self: Any, **given: Any) -> None:
        try:
            for name, value in given.items():
                _set(self, name, value)
        except AttributeError:
            raise TypeError(f"{type(self).__name__} has no field '{name}'") from None
        if len(given) != n_field:
            for name, default, factory in optional:
                if name not in given:
                    if default is not _MISSING:
                        _set(self, name, default)
                    elif factory is not _MISSING:
                        _set(self, name, factory())
                    else:
                        raise TypeError(f"{type(self).__name__} needs the field '{name}'")
        if finish is not None:
            finish(self)

    return __init__


def _shown(names: list[str]) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({values})"

    return __repr__


def _equal(names: list[str]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        # As tuples: an object equals itself there, a NaN too.
        return tuple([getattr(self, n) for n in names]) == tuple([getattr(other, n) for n in names])

    return __eq__


def _hashed(names: list[str]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(tuple([getattr(self, name) for name in names]))

    return __hash__


def _state_of(names: list[str]) -> Callable[[Any], list[Any]]:
    def __getstate__(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    return __getstate__


def _restorer(names: list[str]) -> Callable[[Any, list[Any]], None]:
    def __setstate__(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            _set(self, name, value)

    return __setstate__


def _refuse_to_set(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field '{name}'")


def _refuse_to_delete(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field '{name}'")


class _Signature:
    """What ``help`` shows of the arguments, worked out when somebody asks."""

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        import inspect

        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Signature(
            [
                inspect.Parameter(f.name, kind, default=_shown_default(f), annotation=f.type)
                for f in dataclasses.fields(owner)
            ]
        )


def _shown_default(field: dataclasses.Field[Any]) -> Any:
    import inspect

    if field.default is not _MISSING:
        return field.default
    return inspect.Parameter.empty if field.default_factory is _MISSING else ...
