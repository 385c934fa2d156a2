"""One pointer instead of twenty arrays: how compiled functions are handed records of arrays.

Enters: a table of addresses and shapes that the caller keeps beside the arrays. Leaves: a value
with the attributes of :class:`.layout.Work` or :class:`.layout.Chunk`, each a numpy array that owns
nothing. Used by the entry points of compiled code.

Passing the arrays themselves, seven words each, through every call of the loop took more time
than the arithmetic and more compile time than anything else.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models, register_default  # type: ignore[attr-defined]
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from sigmapath.solvers.layout import RECORDS, Work
from sigmapath.solvers.tables import WORDS

__all__ = [
    "call_part",
    "chunk_from",
    "equilibration_from",
    "lanes_at",
    "rest_at",
    "rest_from",
    "work_at",
    "work_from",
]


def _array_type(kind: str) -> Any:
    element = types.int64 if kind[0] == "i" else types.float64
    return types.Array(element, int(kind[1]), "C")


_FIELDS = {
    record.__name__: {name: (k, _array_type(kind)) for k, (name, kind) in enumerate(fields.items())}
    for record, fields in RECORDS.items()
}


class _RecordPointer(types.Type):  # type: ignore[misc]
    """Type of a pointer to the address table of one kind of record."""

    def __init__(self, record: str) -> None:
        super().__init__(name=f"sigmapath.{record}Pointer")
        self.record = record


@register_default(_RecordPointer)
class _RecordPointerModel(models.PrimitiveModel):  # type: ignore[misc]
    """Stored as int64*."""

    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, ir.IntType(64).as_pointer())  # type: ignore[no-untyped-call]


@infer_getattr
class _RecordAttributes(AttributeTemplate):  # type: ignore[misc]
    """Attributes of a record are its fields."""

    key = _RecordPointer

    def generic_resolve(self, record: Any, name: str) -> Any:  # type: ignore[override]
        fields = _FIELDS[record.record]
        return fields[name][1] if name in fields else None


@lower_getattr_generic(_RecordPointer)  # type: ignore[no-untyped-call, untyped-decorator]
def _load_field(context: Any, builder: Any, record: Any, pointer: Any, name: str) -> Any:
    """Make an array value, without an owner, from the words of one field."""
    k, array_type = _FIELDS[record.record][name]
    word = ir.IntType(64)
    invariant = builder.module.add_metadata([])

    def load(offset: int) -> Any:
        place = builder.gep(pointer, [ir.Constant(word, WORDS * k + offset)])
        value = builder.load(place)
        # The table does not change while compiled code runs: LLVM may keep what it has read.
        value.set_metadata("invariant.load", invariant)
        return value

    array = context.make_array(array_type)(context, builder)
    data = builder.inttoptr(load(0), context.get_data_type(array_type.dtype).as_pointer())
    shape = [load(1 + axis) for axis in range(array_type.ndim)]
    itemsize = ir.Constant(word, 8)
    strides = [itemsize]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(length, strides[0]))
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)  # type: ignore[no-untyped-call]
    return array._getvalue()


def _record_at(record: str) -> Any:
    """Make an intrinsic that turns an address table, int64 (n,), into a record."""

    @intrinsic  # type: ignore[untyped-decorator]
    def at(_typing_context: Any, table: Any) -> Any:
        if not isinstance(table, types.Array):
            return None

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.make_array(signature.args[0])(context, builder, arguments[0]).data

        return _RecordPointer(record)(table), generate

    return at


def _record_from(record: str) -> Any:
    """Make an intrinsic that turns the address of an address table, int64, into a record."""

    @intrinsic  # type: ignore[untyped-decorator]
    def at(_typing_context: Any, address: Any) -> Any:
        if not isinstance(address, types.Integer):
            return None

        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.IntType(64).as_pointer())

        return _RecordPointer(record)(types.int64), generate

    return at


work_at = _record_at("Work")
work_from = _record_from("Work")
chunk_from = _record_from("Chunk")
lanes_at = _record_at("Lanes")
rest_at = _record_at("Rest")
rest_from = _record_from("Rest")
equilibration_from = _record_from("Equilibration")


def _call_part(_typing_context: Any, address: Any, work: Any, a: Any, b: Any) -> Any:
    """Call ``double part(int64 table, double a, double b)`` by its address.

    Parts of the loop (the step of a method, the readouts) are compiled on their own and called
    this way: each is optimised once instead of again inside every caller, and only what a run
    uses is compiled at all. ``work`` is a pointer or a ``layout.Work`` of arrays.
    """
    if not isinstance(work, (_RecordPointer, types.NamedTuple)):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, real = ir.IntType(64), ir.DoubleType()
        function_type = ir.FunctionType(real, [word, real, real])
        function = builder.inttoptr(arguments[0], function_type.as_pointer())
        if isinstance(work, _RecordPointer):
            pointer = arguments[1]
        else:
            last = builder.extract_value(arguments[1], len(Work._fields) - 1)
            pointer = context.make_array(signature.args[1].types[-1])(context, builder, last).data
        table = builder.ptrtoint(pointer, word)
        return builder.call(function, [table, arguments[2], arguments[3]])

    return types.float64(types.int64, work, types.float64, types.float64), generate


call_part: Any = intrinsic(_call_part)  # type: ignore[no-untyped-call]
