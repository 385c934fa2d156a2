"""Infix text to expressions: observables, readout formulas, kinetic laws of the Python builder.

Enters: text a user typed. Leaves: an Expr, or a ParseError with the column. Mathematics of model
files never comes here, it is read from MathML.

Grammar, loosest first: ``||`` or ``&&`` (mixed only with brackets, because languages disagree),
relations (a chain ``0 < x < 1`` is the conjunction), ``+ -``, ``* /``, unary ``- + !``, ``^`` or
``**`` (repeated only with brackets). ``[S]`` is a concentration, ``amount(S)`` an amount,
``rate(S)`` or ``rateOf(S)`` a rate of change, ``id(x)`` the model's quantity ``x`` where the name
is taken by a word of the language (``id(time)``).

``log(x)`` is the natural logarithm, like ``ln(x)``; ``log(b, x)`` has base b; ``log10(x)`` base 10.
"""

from __future__ import annotations

import math
import re

from sigmapath.errors import ParseError
from sigmapath.expr.nodes import ARITY, NAN, TIME, Expr, apply, number, symbol
from sigmapath.quantity.table import AVOGADRO
from sigmapath.record import record

__all__ = ["CONSTANTS", "FUNCTION_NAMES", "parse"]

# Brackets, signs and function calls inside one another; far above what people write, far below
# what the interpreter's stack can take.
MAX_DEPTH = 100
MAX_LENGTH = 200_000

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)
      |(?P<concentration>\[\s*[A-Za-z_][A-Za-z0-9_]*\s*\])
      |(?P<op>\*\*|==|!=|<=|>=|&&|\|\||[-+*/^<>!(),])""",
    re.VERBOSE | re.ASCII,
)

CONSTANTS: dict[str, Expr] = {
    "time": TIME,
    "pi": number(math.pi),
    "exponentiale": number(math.e),
    "avogadro": number(float(AVOGADRO)),
    "inf": number(math.inf),
    "infinity": number(math.inf),
    "nan": NAN,
    "notanumber": NAN,
    "true": number(1.0),
    "false": number(0.0),
}

_OWN_NAMES = {"num", "sym", "time", "call", "add", "mul", "div", "neg", "rateof"}
FUNCTION_NAMES: dict[str, str] = {op: op for op in ARITY if op not in _OWN_NAMES} | {
    "ceil": "ceiling",
    "rate": "rateof",
    "rateOf": "rateof",
    "leq": "le",
    "geq": "ge",
    "neq": "ne",
    **{"a" + op[3:]: op for op in ARITY if op.startswith("arc")},
}

_RELATIONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


@record
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str, *, where: str = "") -> Expr:
    """Read a formula.

    Parameters
    ----------
    text : str
        For example ``"Vmax * S^n / (K^n + S^n)"``.
    where : str
        What the formula is for; stands in front of the column in messages.

    Returns
    -------
    Expr
        Calls of unknown functions become "call" nodes, to be inlined by lowering.

    Raises
    ------
    ParseError
        With the column (from 1), what stands there and what was expected.

    Examples
    --------
    >>> parse("k * [S]^2")
    mul(k, pow([S], 2.0))
    """
    reader = _Reader(text, where)
    root = reader.expression(0)
    reader.expect_end()
    return root


class _Reader:
    """Recursive descent over the tokens of one text, bounded in depth."""

    def __init__(self, text: str, where: str) -> None:
        self.where = where
        if len(text) > MAX_LENGTH:
            raise self._error("the formula is too long", 1, found=text[:40])
        self.text = text
        self.tokens = self._tokens()
        self.position = 0

    def _error(self, what: str, column: int, *, found: str = "", expected: str = "") -> ParseError:
        return ParseError(
            what, file=self.where or "formula", column=column, found=found, expected=expected
        )

    def _tokens(self) -> list[_Token]:
        tokens: list[_Token] = []
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self._bad_character(at)
            if match.lastgroup != "space":
                tokens.append(_Token(kind=str(match.lastgroup), text=match.group(), column=at + 1))
            at = match.end()
        tokens.append(_Token(kind="end", text="", column=len(self.text) + 1))
        return tokens

    def _bad_character(self, at: int) -> ParseError:
        character = self.text[at]
        hints = {
            "=": "== for equality",
            "&": "&& for and",
            "|": "|| for or",
            "%": "rem(a, b)",
            "[": "[S] with the id of a species",
        }
        return self._error(
            "the formula cannot be read",
            at + 1,
            found=self.text[at : at + 20],
            expected=hints.get(character, "a number, an id or an operator"),
        )

    @property
    def token(self) -> _Token:
        return self.tokens[self.position]

    def take(self, *texts: str) -> str:
        """Step over one of these operators and return it; "" if another token is next."""
        token = self.token
        if token.kind == "op" and token.text in texts:
            self.position += 1
            return token.text
        return ""

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self._unexpected(f"'{text}'")

    def _unexpected(self, expected: str) -> ParseError:
        token = self.token
        if token.kind == "end":
            return self._error("the formula ends too early", token.column, expected=expected)
        return self._error(
            "the formula cannot be read", token.column, found=token.text, expected=expected
        )

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self._unexpected("an operator or the end")

    def expression(self, depth: int) -> Expr:
        if depth > MAX_DEPTH:
            raise self._error(
                f"the formula nests deeper than {MAX_DEPTH}", self.token.column, expected=""
            )
        terms = [self.relation(depth)]
        connective = ""
        while found := self.take("&&", "||"):
            if connective and found != connective:
                column = self.tokens[self.position - 1].column
                raise self._error(
                    "&& and || are mixed", column, found=found, expected="brackets around one kind"
                )
            connective = found
            terms.append(self.relation(depth))
        if not connective:
            return terms[0]
        return apply("and" if connective == "&&" else "or", *terms)

    def relation(self, depth: int) -> Expr:
        left = self.sum(depth)
        links: list[Expr] = []
        while found := self.take(*_RELATIONS):
            right = self.sum(depth)
            links.append(apply(_RELATIONS[found], left, right))
            left = right
        if not links:
            return left
        return links[0] if len(links) == 1 else apply("and", *links)

    def sum(self, depth: int) -> Expr:
        terms = [self.product(depth)]
        while found := self.take("+", "-"):
            term = self.product(depth)
            terms.append(term if found == "+" else apply("neg", term))
        return terms[0] if len(terms) == 1 else apply("add", *terms)

    def product(self, depth: int) -> Expr:
        factors = [self.signed(depth)]
        while found := self.take("*", "/"):
            factor = self.signed(depth)
            if found == "*":
                factors.append(factor)
            else:
                top = factors[0] if len(factors) == 1 else apply("mul", *factors)
                factors = [apply("div", top, factor)]
        return factors[0] if len(factors) == 1 else apply("mul", *factors)

    def signed(self, depth: int) -> Expr:
        signs: list[str] = []
        while sign := self.take("-", "+", "!"):
            signs.append(sign)
        result = self.power(depth)
        for sign in reversed(signs):
            if sign != "+":
                result = apply("neg" if sign == "-" else "not", result)
        return result

    def power(self, depth: int) -> Expr:
        base = self.atom(depth)
        if not self.take("^", "**"):
            return base
        minus = False
        while sign := self.take("-", "+"):
            minus ^= sign == "-"
        exponent = self.atom(depth)
        if self.take("^", "**"):
            column = self.tokens[self.position - 1].column
            raise self._error(
                "a power of a power", column, found="a^b^c", expected="brackets: (a^b)^c or a^(b^c)"
            )
        return apply("pow", base, apply("neg", exponent) if minus else exponent)

    def atom(self, depth: int) -> Expr:
        token = self.token
        if token.kind == "number":
            self.position += 1
            return number(float(token.text))
        if token.kind == "concentration":
            self.position += 1
            return symbol(f"[{token.text[1:-1].strip()}]")
        if token.kind == "name":
            self.position += 1
            if self.take("("):
                return self.call(token, depth)
            return CONSTANTS.get(token.text) or symbol(token.text)
        if self.take("("):
            inner = self.expression(depth + 1)
            self.need(")")
            return inner
        raise self._unexpected("a number, an id, a function or '('")

    def call(self, name: _Token, depth: int) -> Expr:
        if name.text in ("amount", "id"):
            inner = self.token
            if inner.kind != "name":
                raise self._unexpected(f"the id of a quantity, as in {name.text}(S)")
            self.position += 1
            self.need(")")
            return symbol(inner.text if name.text == "id" else f"amount({inner.text})")
        args: list[Expr] = []
        if not self.take(")"):
            args.append(self.expression(depth + 1))
            while self.take(","):
                args.append(self.expression(depth + 1))
            self.need(")")
        return self._applied(name, args)

    def _applied(self, name: _Token, args: list[Expr]) -> Expr:
        match name.text, args:
            case ("log", [x]):
                return apply("ln", x)
            case ("log", [base, x]):
                return apply("div", apply("ln", x), apply("ln", base))
            case ("root", [degree, x]):
                return apply("pow", x, apply("div", number(1.0), degree))
            case ("root", [x]):
                return apply("sqrt", x)
        op = FUNCTION_NAMES.get(name.text)
        if op is None and name.text not in ("log", "root"):
            return apply("call", *args, name=name.text)
        fewest, most = ARITY[op] if op else (1, 2)
        if len(args) < fewest or (most is not None and len(args) > most):
            count = f"{fewest}" if fewest == most else f"{fewest} or more"
            raise self._error(
                f"{name.text} takes {count if op else '1 or 2'} argument(s)",
                name.column,
                found=f"{len(args)} argument(s)",
            )
        if op == "rateof" and args[0].op != "sym":
            raise self._error(
                f"{name.text} takes the id of a quantity", name.column, found=repr(args[0])[:60]
            )
        return apply(str(op), *args)
