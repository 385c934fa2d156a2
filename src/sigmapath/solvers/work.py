"""One pointer instead of twenty arrays: how compiled functions are handed a worker.

Enters: the table of addresses that :mod:`.workspace` keeps beside the arrays. Leaves: a value
with the attributes of :class:`.layout.Work`, each a numpy array that owns nothing. Used by the
entry points of compiled code.

Passing the arrays themselves, seven words each, through every call of the loop took more time
than the arithmetic and more compile time than anything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

from sigmapath.solvers.layout import Work

__all__ = ["address_table", "call_part", "set_last", "work_at", "work_from"]

_WORDS = 3  # address, rows (or length), columns
_INTEGER = (
    "address",
    "size",
    "program",
    "event",
    "target",
    "flag",
    "stat",
    "memory",
    "queue",
    "part",
    "codes",
)
_TABLES = (
    "event",
    "target",
    "vec",
    "obs",
    "root",
    "queue",
    "due",
    "scratch",
    "history",
    "lag",
    "codes",
    "window",
    "readout",
)


def _array_type(name: str) -> Any:
    element = types.int64 if name in _INTEGER else types.float64
    return types.Array(element, 2 if name in _TABLES else 1, "C")


_FIELDS = {name: (k, _array_type(name)) for k, name in enumerate(Work._fields[:-1])}


def address_table(arrays: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
    """Addresses and shapes of a worker's arrays, in the order of ``Work``.

    The caller keeps the arrays alive as long as the table is in use.
    """
    table = np.zeros(_WORDS * len(_FIELDS), dtype=np.int64)
    for (name, (k, array_type)), array in zip(_FIELDS.items(), arrays, strict=False):
        dtype = np.int64 if name in _INTEGER else np.float64
        assert array.dtype == dtype, name
        assert array.ndim == array_type.ndim, name
        assert array.flags.c_contiguous, name
        table[_WORDS * k] = array.__array_interface__["data"][0]
        table[_WORDS * k + 1 : _WORDS * k + 1 + array.ndim] = array.shape
    return table


def set_last(table: NDArray[np.int64], arrays: tuple[NDArray[Any], ...]) -> None:
    """Set the last fields of a table, those of the batch, in place."""
    for k, array in enumerate(arrays, start=len(_FIELDS) - len(arrays)):
        table[_WORDS * k] = array.__array_interface__["data"][0]
        table[_WORDS * k + 1 : _WORDS * k + 1 + array.ndim] = array.shape


class _WorkPointer(types.Type):  # type: ignore[misc]
    """Type of a pointer to an address table."""

    def __init__(self) -> None:
        super().__init__(name="sigmapath.WorkPointer")


_work_pointer = _WorkPointer()


@register_default(_WorkPointer)
class _WorkPointerModel(models.PrimitiveModel):  # type: ignore[misc]
    """Stored as int64*."""

    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, ir.IntType(64).as_pointer())


@infer_getattr
class _WorkAttributes(AttributeTemplate):  # type: ignore[misc]
    """Attributes of a worker are the fields of ``Work``."""

    key = _WorkPointer

    def generic_resolve(self, _type: Any, name: str) -> Any:
        return _FIELDS[name][1] if name in _FIELDS else None


@lower_getattr_generic(_WorkPointer)  # type: ignore[untyped-decorator]
def _load_field(context: Any, builder: Any, _type: Any, pointer: Any, name: str) -> Any:
    """Make an array value, without an owner, from the words of one field."""
    k, array_type = _FIELDS[name]
    word = ir.IntType(64)
    invariant = builder.module.add_metadata([])

    def load(offset: int) -> Any:
        place = builder.gep(pointer, [ir.Constant(word, _WORDS * k + offset)])
        value = builder.load(place)
        # The table does not change while compiled code runs: LLVM may keep what it has read.
        value.set_metadata("invariant.load", invariant)
        return value

    array = context.make_array(array_type)(context, builder)
    data = builder.inttoptr(load(0), context.get_data_type(array_type.dtype).as_pointer())
    shape = [load(1 + axis) for axis in range(array_type.ndim)]
    itemsize = ir.Constant(word, 8)
    strides = [builder.mul(shape[1], itemsize), itemsize] if len(shape) == 2 else [itemsize]
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)
    return array._getvalue()


@intrinsic  # type: ignore[untyped-decorator]
def work_at(_typing_context: Any, table: Any) -> Any:
    """Turn an address table, int64 (n,), into a worker for compiled functions."""
    if not isinstance(table, types.Array):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return _work_pointer(table), generate


@intrinsic  # type: ignore[untyped-decorator]
def work_from(_typing_context: Any, address: Any) -> Any:
    """Turn the address of an address table, int64, into a worker."""
    if not isinstance(address, types.Integer):
        return None

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())

    return _work_pointer(types.int64), generate


@intrinsic  # type: ignore[untyped-decorator]
def call_part(_typing_context: Any, address: Any, work: Any, a: Any, b: Any) -> Any:
    """Call ``double part(int64 table, double a, double b)`` by its address.

    Parts of the loop (the step of a method, the readouts) are compiled on their own and called
    this way: each is optimised once instead of again inside every caller, and only what a run
    uses is compiled at all. ``work`` is a pointer or a ``layout.Work`` of arrays.
    """
    if not isinstance(work, (_WorkPointer, types.NamedTuple)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, real = ir.IntType(64), ir.DoubleType()
        function_type = ir.FunctionType(real, [word, real, real])
        function = builder.inttoptr(arguments[0], function_type.as_pointer())
        if isinstance(work, _WorkPointer):
            pointer = arguments[1]
        else:
            last = builder.extract_value(arguments[1], len(Work._fields) - 1)
            pointer = context.make_array(signature.args[1].types[-1])(context, builder, last).data
        table = builder.ptrtoint(pointer, word)
        return builder.call(function, [table, arguments[2], arguments[3]])

    return types.float64(types.int64, work, types.float64, types.float64), generate
