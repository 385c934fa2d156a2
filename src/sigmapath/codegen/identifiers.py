"""Ids of the model as identifiers of generated code.

Enters: ids, which are text from outside. Leaves: names made of ASCII letters, digits and
underscores that mean nothing to Python or LLVM, one per id, the same in every process. No text of a
model reaches generated code in any other way than through :func:`identifiers` and
:func:`comment_text`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from sigmapath.kernels import KERNEL_NAMES

__all__ = ["comment_text", "identifiers"]

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_CONCENTRATION = re.compile(r"\[(.*)\]\Z", re.DOTALL)
# Names that the generated code uses itself: numbered values, and what its header imports.
_NUMBERED = re.compile(r"[xcs][0-9]+\Z")
_LONGEST = 60
_OWN = frozenset(
    {
        *("t", "y", "p", "out", "scratch", "time", "math", "np", "nan", "inf"),
        *("kernel", "part", "routine", "gamma", "minimum", "maximum", "stack_array"),
        *("derive_values", *KERNEL_NAMES),
    }
)
_TAKEN = _OWN | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins))


def _is_usable(name: str) -> bool:
    return (
        len(name) <= _LONGEST
        and _PLAIN.match(name) is not None
        and name not in _TAKEN
        and "__" not in name
        and _NUMBERED.match(name) is None
    )


def _cleaned(name: str) -> str:
    concentration = _CONCENTRATION.match(name)
    text = f"{concentration[1]}_conc" if concentration else name
    # No underscore at the end: the number that may follow would make it a double one.
    text = _NOT_PLAIN.sub("_", text)[: _LONGEST - 20].strip("_")
    return text if text[:1].isalpha() else f"id_{text}".rstrip("_")


def identifiers(ids: Iterable[str]) -> dict[str, str]:
    """Return one identifier per id; plain ids keep their name, others are cleaned and numbered.

    Examples
    --------
    >>> identifiers(["S1", "r.k", "[S1]", "lambda", "__import__"])
    {'S1': 'S1', 'r.k': 'r_k', '[S1]': 'S1_conc', 'lambda': 'lambda_2', '__import__': 'import_2'}
    """
    unique = list(dict.fromkeys(ids))
    table = {name: name for name in unique if _is_usable(name)}
    used = set(table)
    for name in unique:
        if name in table:
            continue
        base = candidate = _cleaned(name)
        count = 1
        while candidate in used or not _is_usable(candidate):
            count += 1
            candidate = f"{base}_{count}"
        used.add(candidate)
        table[name] = candidate
    return {name: table[name] for name in unique}


def comment_text(text: str, limit: int = 120) -> str:
    r"""Text for a comment: printable ASCII on one line, everything else escaped, cut at ``limit``.

    Examples
    --------
    >>> comment_text("µ\nimport os")
    '\\xb5\\nimport os'
    """
    escaped = ascii(text)[1:-1]
    return escaped if len(escaped) <= limit else escaped[: limit - 3] + "..."
