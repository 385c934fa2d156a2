"""What was worked out before, kept for the next time: the last few values, by all they rest on.

Enters: keys and how to make a value. Leaves: the value, made once as long as it is kept. Held by an
engine, so that what is kept goes when the model goes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Kept"]

_T = TypeVar("_T")


class Kept(Generic[_T]):
    """The last ``size`` values that were asked for; what a key means never changes.

    Parameters
    ----------
    size : int
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, _T] = OrderedDict()

    def get(self, name: Hashable, make: Callable[[], _T]) -> _T:
        """Return the value of ``name``, made now if it is not there.

        Threads that ask at once may each make it; every one of these values is right.
        """
        try:
            value = self._values[name]
            self._values.move_to_end(name)
        except KeyError:
            # Not there, or put out by another thread just now.
            value = make()
            self._values[name] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles begin with nothing: values may hold addresses of this process."""
        return Kept, (self._size,)
