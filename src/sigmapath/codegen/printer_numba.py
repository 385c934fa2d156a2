"""Block IR to Python source for numba.

Enters: one function of the block IR. Leaves: its ``def`` as text, without decorator. Called by
:mod:`sigmapath.codegen.source`. Formatting is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmapath.codegen.block import ARRAYS, Assign, Call, Function, Load, Operand, Statement, Store
from sigmapath.codegen.identifiers import comment_text

__all__ = ["DERIVE_ROUTINE", "function_text", "runtime_names"]

# A C callback cannot be called from numba code, so what "derive" does has a second name.
DERIVE_ROUTINE = "derive_values"

# How tightly the outermost operation of a text binds, as in Python's grammar.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
_LONGEST_INLINE = 72

_INFIX = {
    "add": ("+", _SUM),
    "sub": ("-", _SUM),
    "mul": ("*", _PRODUCT),
    "div": ("/", _PRODUCT),
}
_COMPARISON = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_LOGIC = {"and": ("and", _AND), "or": ("or", _OR)}
_CALL = {
    "abs": "abs",
    "sqrt": "math.sqrt",
    "exp": "math.exp",
    "log": "math.log",
    "log10": "math.log10",
    # math.floor and its like give integers, which overflow.
    "floor": "np.floor",
    "ceil": "np.ceil",
    "trunc": "np.trunc",
    "tgamma": "gamma",
    "fmod": "np.fmod",
    "minimum": "minimum",
    "maximum": "maximum",
    **{f: f"math.{f}" for f in ("sin", "cos", "tan", "asin", "acos", "atan")},
    **{f: f"math.{f}" for f in ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
}

_Text = tuple[str, int]


def function_text(function: Function) -> str:
    """Return the Python function: first what it reads, then what it works out and stores."""
    arrays = ARRAYS if function.is_part else ARRAYS[:4]
    lines = [f"def {function.name}({', '.join(arrays)}):", f'    """{_sentence(function)}"""']
    loads = [s for s in function.body if isinstance(s, Load)]
    lines += [f"    {load.name} = {load.array}[{load.slot}]" for load in _sorted(loads)]
    if function.n_scratch:
        lines.append(f"    scratch = stack_array({function.n_scratch})")
    known: dict[str, _Text] = {}
    for statement in function.body:
        lines += [f"    {line}" for line in _lines(statement, known)]
    if len(lines) == 2:
        lines.append("    return")
    return "\n".join(lines)


def runtime_names(functions: Iterable[Function]) -> set[str]:
    """Names from ``numba_runtime`` that the texts of ``functions`` call."""
    operations = {"minimum": "minimum", "maximum": "maximum", "tgamma": "gamma"}
    found = set()
    for function in functions:
        found |= {
            operations[statement.op]
            for statement in function.body
            if isinstance(statement, Assign) and statement.op in operations
        }
        found |= {"part"} if function.is_part else {"kernel"}
        found |= {"stack_array"} if function.n_scratch else set()
        found |= {"routine"} if function.name == "derive" else set()
    return found


def _sentence(function: Function) -> str:
    purpose = comment_text(function.purpose)
    return f"{purpose[:1].upper()}{purpose[1:]}."


def _sorted(loads: list[Load]) -> list[Load]:
    return sorted(loads, key=lambda load: (ARRAYS.index(load.array), load.slot))


def _lines(statement: Statement, known: dict[str, _Text]) -> list[str]:
    if isinstance(statement, Load):
        return []
    if isinstance(statement, Call):
        if statement.function == "derive":
            return [f"{DERIVE_ROUTINE}(t, y, p, p)"]
        return [f"{statement.function}({', '.join(ARRAYS)})"]
    # Bundles are made for machine code alone.
    assert isinstance(statement, (Assign, Store))
    note = f"  # {comment_text(statement.comment)}" if statement.comment else ""
    if isinstance(statement, Store):
        text, _ = _operand(statement.value, known)
        return [f"{statement.array}[{statement.slot}] = {text}{note}"]
    text, strength = _assigned(statement, known)
    if statement.inline and len(text) <= _LONGEST_INLINE:
        known[statement.name] = (text, strength)
        return []
    return [f"{statement.name} = {text}{note}"]


def _operand(operand: Operand, known: dict[str, _Text]) -> _Text:
    if isinstance(operand, str):
        return known.get(operand, (operand, _ATOM))
    if operand != operand:
        return "np.nan", _ATOM
    if operand in (float("inf"), float("-inf")):
        return ("np.inf", _ATOM) if operand > 0 else ("-np.inf", _SIGN)
    text = repr(operand)
    return text, _SIGN if text.startswith("-") else _ATOM


def _bound(operand: Operand, known: dict[str, _Text], strength: int) -> str:
    """The operand, in brackets where it binds less tightly than ``strength``."""
    text, own = _operand(operand, known)
    return text if own >= strength else f"({text})"


def _assigned(statement: Assign, known: dict[str, _Text]) -> _Text:
    op, args = statement.op, statement.args
    if op in _INFIX:
        sign, strength = _INFIX[op]
        left = _bound(args[0], known, strength)
        # Not regrouped: a + (b + c) keeps its brackets, or it would round differently.
        return f"{left} {sign} {_bound(args[1], known, strength + 1)}", strength
    if op == "neg":
        return f"-{_bound(args[0], known, _POWER)}", _SIGN
    if op == "pow":
        return f"{_bound(args[0], known, _ATOM)} ** {_bound(args[1], known, _SIGN)}", _POWER
    if op in _COMPARISON:
        left, right = (_bound(argument, known, _SUM) for argument in args)
        return f"{left} {_COMPARISON[op]} {right}", _COMPARE
    if op in _LOGIC:
        sign, strength = _LOGIC[op]
        left, right = (_bound(argument, known, strength + 1) for argument in args)
        return f"{left} {sign} {right}", strength
    if op == "xor":
        left, right = (_bound(argument, known, _SUM) for argument in args)
        return f"{left} != {right}", _COMPARE
    if op == "not":
        return f"not {_bound(args[0], known, _COMPARE)}", _NOT
    if op == "truth":
        return f"{_bound(args[0], known, _SUM)} != 0.0", _COMPARE
    if op == "number":
        return f"1.0 if {_bound(args[0], known, _OR)} else 0.0", _CHOICE
    if op == "select":
        condition, yes, no = (_bound(argument, known, _OR) for argument in args)
        return f"{yes} if {condition} else {no}", _CHOICE
    return f"{_CALL[op]}({', '.join(_operand(a, known)[0] for a in args)})", _ATOM
