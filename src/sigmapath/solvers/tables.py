"""Tables of addresses and shapes: how Python hands arrays to compiled code as one pointer.

Enters: arrays in the order of a record of :mod:`.layout`. Leaves: a table that stands for them;
the caller keeps the arrays alive as long as it is in use.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.layout import RECORDS

__all__ = ["WORDS", "address_of", "address_table", "set_addresses", "set_first", "set_last"]

# Per field: the address, then up to three lengths.
WORDS = 4


def address_table(record: type, arrays: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
    """Addresses and shapes of arrays, in the order of ``record``; absent last ones are empty."""
    kinds = RECORDS[record]
    words = [0] * (WORDS * len(kinds))
    for k, (array, (name, kind)) in enumerate(zip(arrays, kinds.items(), strict=False)):
        assert array.dtype == (np.int64 if kind[0] == "i" else np.float64), name
        assert array.ndim == int(kind[1]), name
        assert array.flags.c_contiguous, name
        words[WORDS * k : WORDS * k + 1 + array.ndim] = (address_of(array), *array.shape)
    return np.array(words, dtype=np.int64)


def address_of(array: NDArray[Any]) -> int:
    """Where an array begins; the caller keeps it alive."""
    return int(array.__array_interface__["data"][0])


def set_addresses(table: NDArray[np.int64], arrays: tuple[NDArray[Any], ...], first: int) -> None:
    """Let the fields from number ``first`` on stand for other arrays of the same shapes."""
    for k, array in enumerate(arrays, start=first):
        table[WORDS * k] = address_of(array)


def set_first(table: NDArray[np.int64], array: NDArray[Any]) -> None:
    """Set the first field of a table in place."""
    _enter(table, 0, array)


def set_last(record: type, table: NDArray[np.int64], arrays: tuple[NDArray[Any], ...]) -> None:
    """Set the last fields of a table, those of the batch, in place."""
    for k, array in enumerate(arrays, start=len(RECORDS[record]) - len(arrays)):
        _enter(table, k, array)


def _enter(table: NDArray[np.int64], k: int, array: NDArray[Any]) -> None:
    table[WORDS * k] = address_of(array)
    table[WORDS * k + 1 : WORDS * k + 1 + array.ndim] = array.shape
