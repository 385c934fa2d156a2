"""What is looked at before libAntimony sees a text: nesting, names, modules, imports.

Enters: Antimony text. Leaves: where it imports what, or a typed error. Called by
:mod:`sigmapath.io.antimony_imports`. One linear scan over tokens; it knows only enough of the
language to bound what the C++ parser does with it.

Measured on libAntimony 3.3: 3000 chained operators of changing kind kill the process, 1000 take
a second; ``x % y`` is written out with four copies of ``x``; 10^5 comments or continued lines kill
its lexer; a number beyond the range of a double is read as a number and a unit.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field

from sigmapath.errors import ParseError
from sigmapath.record import record

__all__ = ["Import", "Scan", "scan"]

MAX_NESTING = 500
MAX_REMAINDERS = 6
MAX_TERMS = 5000
MAX_CONTINUATIONS = 1000
MAX_NAME = 10_000

_TOKEN = re.compile(
    r"""
      (?P<skip>  [ \t\r]+ )
    | (?P<comment> //[^\n]* | \#[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string> ```.*?(?:```|\Z) | "[^"\n]*" )
    | (?P<word>  [A-Za-z_]\w* )
    | (?P<number> (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<other> . | \n )
    """,
    re.VERBOSE | re.DOTALL,
)


@record
class Import:
    """One import statement: what it names, its line, and where in the text it stands."""

    source: str
    line: int
    start: int
    end: int


@dataclass(slots=True)
class Scan:
    """What a text imports, where it marks a main model, how often modules build in others."""

    imports: list[Import] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    stars: list[int] = field(default_factory=list)
    parts: dict[str, Counter[str]] = field(default_factory=dict)


def scan(text: str, file: str) -> Scan:
    """Return imports and module structure of Antimony text.

    Raises
    ------
    ParseError
        If a formula is nested or chained beyond what libAntimony survives, or a name is longer
        than MAX_NAME characters.
    """
    found = Scan()
    formula = _Formula(file)
    module = ""
    line = 1
    word_start = 0
    continued = 0
    previous = ["", "", ""]
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        start_line = line
        line += token.count("\n")
        if kind == "skip":
            continue
        if kind == "comment":
            _require_closed(token, file, start_line)
            found.comments.append(match.span())
            continue
        if kind == "word" or kind == "number":
            _require_sane(token, file, start_line)
            word_start = match.start()
            if previous[-1] in _MODEL:
                module = token
            elif token == "end":
                module = ""
        elif kind == "string" and previous[-1] == "import":
            item = Import(
                source=token.strip('"`'), line=start_line, start=word_start, end=match.end()
            )
            found.imports.append(item)
        elif kind == "other":
            if token == "*" and previous[-1] in _MODEL:
                found.stars.append(match.start())
                continue  # the star of the main model stands between keyword and name
            continued += token == "\\"
            _require_known(token, continued, file, start_line)
            formula.token(token, start_line)
            if token == "(" and previous[-2] == ":":
                found.parts.setdefault(module, Counter())[previous[-1]] += 1
        previous = [*previous[1:], token]
    return found


_MODEL = frozenset({"model", "module"})


def _require_closed(comment: str, file: str, line: int) -> None:
    if comment.startswith("/*") and (len(comment) < 4 or not comment.endswith("*/")):
        raise ParseError("a comment is not closed", file=file, line=line, expected="*/")


def _require_sane(word: str, file: str, line: int) -> None:
    """Refuse names and numbers that libAntimony would stumble over."""
    if len(word) > MAX_NAME:
        raise ParseError(
            "a name or number is too long",
            file=file,
            line=line,
            found=f"{len(word)} characters",
            expected=f"at most {MAX_NAME}",
        )
    if not word.isascii():
        raise ParseError(
            "a name has a letter that Antimony does not know",
            file=file,
            line=line,
            found=word,
            expected="letters a to z, digits and _",
            fix='give a display name for it: x is "..."',
        )
    if word[0] in "0123456789." and math.isinf(float(word)):
        raise ParseError(
            "a number is beyond the range of floating point", file=file, line=line, found=word
        )


def _require_known(token: str, continued: int, file: str, line: int) -> None:
    if not token.isascii():
        raise ParseError(
            "a character that Antimony does not know", file=file, line=line, found=token
        )
    if continued > MAX_CONTINUATIONS:
        raise ParseError(
            "too many continued lines",
            file=file,
            line=line,
            expected=f"at most {MAX_CONTINUATIONS} backslashes",
        )


class _Formula:
    """Bounds on the depth of the syntax tree that a statement will become."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.reset()

    def reset(self) -> None:
        # Per open bracket: operators that nest in the sum, and in its current term.
        self.levels: list[list[int]] = [[0, 0]]
        self.depth = 0
        self.remainders = 0
        self.terms = 0

    def token(self, token: str, line: int) -> None:
        if token == ";" or (token == "\n" and len(self.levels) == 1):
            self.reset()
        elif token in "([{":
            self.levels.append([0, 0])
            self.depth += 1
        elif token in ")]}":
            if len(self.levels) > 1:
                self.depth -= 1 + sum(self.levels.pop())
        elif token in "+-&|<>=,":
            self.depth -= self.levels[-1][1]
            self.levels[-1][1] = 0
            self.terms += 1
            if token == "-":
                self.levels[-1][0] += 1
                self.depth += 1
            elif token == ",":
                self.depth -= self.levels[-1][0]
                self.levels[-1][0] = 0
        elif token in "*/^!%":
            self.levels[-1][1] += 1
            self.depth += 1
            self.remainders += token == "%"
        self._check(line)

    def _check(self, line: int) -> None:
        if self.depth > MAX_NESTING or self.terms > MAX_TERMS or self.remainders > MAX_REMAINDERS:
            raise ParseError(
                "a formula is nested too deeply or chained too long",
                file=self.file,
                line=line,
                expected=(
                    f"at most {MAX_NESTING} nested operations, {MAX_TERMS} terms and "
                    f"{MAX_REMAINDERS} remainders (%) in one statement"
                ),
                fix="split the formula with ':=' definitions",
            )
