"""What an SBML document uses, construct by construct, and what becomes of each.

Enters: a parsed libSBML document, before flattening. Leaves: :class:`Construct` records. Called by
:mod:`sigmapath.io.check`. One walk over the elements and one over their formulas; linear in size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from sigmapath.io.sbml.library import library
from sigmapath.io.sbml.mathml import is_readable
from sigmapath.io.sbml.packages import PACKAGES, package_name
from sigmapath.record import record

__all__ = ["Construct", "Support", "constructs_of"]

Support = Literal["supported", "stochastic runs only", "left aside", "refused"]
Flag = Callable[[Any], bool]


@record
class Construct:
    """One construct of a file.

    Parameters
    ----------
    name : str
        In plain words: "algebraic rules", "the csymbol delay", "elements of the package multi".
    support : Support
    elements : tuple of str
        Who uses it, in the order of the file; elements without an id by kind and line.
    reason : str
        Why it is refused, or what is made of it.
    """

    name: str
    support: Support = "supported"
    elements: tuple[str, ...] = ()
    reason: str = ""


def _dimensions(compartment: Any) -> str:
    if compartment.getLevel() > 2 and not compartment.isSetSpatialDimensions():
        return "compartments without dimensions"
    count = compartment.getSpatialDimensionsAsDouble()
    return "compartments" if count == 3 else f"compartments of {count:g} dimensions"


# Element -> constructs that it may show, beside being there: words and how they are seen.
_FLAGS: Mapping[str, tuple[tuple[str, Flag], ...]] = {
    "model": (("conversion factor of the model", lambda e: e.isSetConversionFactor()),),
    "compartment": (("compartments that may change size", lambda e: not e.getConstant()),),
    "species": (
        ("species in amounts (hasOnlySubstanceUnits)", lambda e: e.getHasOnlySubstanceUnits()),
        ("boundary species", lambda e: e.getBoundaryCondition()),
        ("constant species", lambda e: e.getConstant()),
        ("conversion factors of species", lambda e: e.isSetConversionFactor()),
    ),
    "parameter": (("parameters that may change", lambda e: not e.getConstant()),),
    "reaction": (
        ("fast reactions", lambda e: e.isSetFast() and e.getFast()),
        ("reactions without a rate, which never run", lambda e: not e.isSetKineticLaw()),
    ),
    "speciesReference": (
        ("stoichiometry by a formula", lambda e: e.isSetStoichiometryMath()),
        (
            "stoichiometry that may change",
            lambda e: e.getLevel() > 2 and e.isSetConstant() and not e.getConstant(),
        ),
    ),
    "event": (
        ("events that use values at their execution", lambda e: _uses_values_later(e)),
        ("events without a trigger, which never fire", lambda e: not e.isSetTrigger()),
    ),
    "trigger": (
        ("triggers that are not persistent", lambda e: e.getLevel() > 2 and not e.getPersistent()),
        (
            "triggers that are false before the start",
            lambda e: e.getLevel() > 2 and not e.getInitialValue(),
        ),
    ),
}
# Elements that are constructs by being there. What only structures a file is not listed.
_WORDS: Mapping[str, str] = {
    "species": "species",
    "parameter": "parameters",
    "localParameter": "local parameters",
    "reaction": "reactions",
    "functionDefinition": "function definitions",
    "initialAssignment": "initial assignments",
    "assignmentRule": "assignment rules",
    "rateRule": "rate rules",
    "algebraicRule": "algebraic rules",
    "event": "events",
    "delay": "delays of events",
    "priority": "priorities of events",
    "unitDefinition": "unit definitions",
    "submodel": "submodels",
    "modelDefinition": "model definitions",
    "externalModelDefinition": "models in other files",
    "port": "ports",
    "deletion": "deletions of submodel parts",
    "replacedElement": "replaced elements",
    "replacedBy": "replacements by submodel parts",
}


def _uses_values_later(event: Any) -> bool:
    is_new = (event.getLevel(), event.getVersion()) >= (2, 4)
    return is_new and not event.getUseValuesFromTriggerTime()


def constructs_of(document: Any) -> tuple[Construct, ...]:
    """Return what a document uses, in the order of first appearance, refused things last."""
    users: dict[str, dict[str, None]] = {}
    refused: dict[str, tuple[str, dict[str, None]]] = {}
    listed = document.getListOfAllElements()
    for i in range(listed.getSize()):
        element = listed.get(i)
        if isinstance(element, library().ListOf):
            continue
        place = _place(element)
        for name in _shown_by(element):
            users.setdefault(name, {})[place] = None
        package = element.getPackageName()
        if PACKAGES.get(package, ("read", ""))[0] == "refused":
            name = f"elements of the package {package}"
            refused.setdefault(name, (PACKAGES[package][1], {}))[1][place] = None
        for name, reason in _mathematics(element):
            if reason:
                refused.setdefault(name, (reason, {}))[1][place] = None
            else:
                users.setdefault(name, {})[place] = None
    found = [_construct(name, tuple(places)) for name, places in users.items()]
    found += _packages(document)
    for name, (reason, places) in refused.items():
        found.append(Construct(name=name, support="refused", elements=tuple(places), reason=reason))
    return tuple(found)


def _construct(name: str, places: tuple[str, ...]) -> Construct:
    if name == "constraints":
        reason = "shown, never enforced"
        return Construct(name=name, support="left aside", elements=places, reason=reason)
    if name.startswith("random draws"):
        reason = 'simulate with method="ssa"'
        return Construct(name=name, support="stochastic runs only", elements=places, reason=reason)
    return Construct(name=name, elements=places)


def _place(element: Any) -> str:
    """How a person finds an element: kind and id, or kind and the element it stands in."""
    kind = element.getElementName()
    name = element.getId() or (element.getVariable() if hasattr(element, "getVariable") else "")
    if element.getTypeCode() == library().SBML_INITIAL_ASSIGNMENT and not element.getPackageName():
        name = element.getSymbol()
    if name:
        return f"{kind} {name}"
    parent = element.getParentSBMLObject()
    while parent is not None and not parent.getId():
        parent = parent.getParentSBMLObject()
    if parent is not None and parent.getElementName() != "model":
        return f"{kind} of {parent.getElementName()} {parent.getId()}"
    return f"{kind} in line {element.getLine()}" if element.getLine() else kind


def _shown_by(element: Any) -> Iterator[str]:
    """Constructs that an element of the core or of the comp package shows."""
    kind = element.getElementName()
    if element.getPackageName() not in ("core", "comp"):
        return
    if kind == "compartment":
        yield _dimensions(element)
    elif kind == "constraint":
        yield "constraints"
    elif kind == "parameter" and element.getParentSBMLObject().getParentSBMLObject() is not None:
        law = element.getParentSBMLObject().getParentSBMLObject()
        yield "local parameters" if law.getElementName() == "kineticLaw" else "parameters"
        if law.getElementName() == "kineticLaw":
            return
    elif kind in _WORDS:
        yield _WORDS[kind]
    for name, shows in _FLAGS.get(kind, ()):
        if shows(element):
            yield name


def _mathematics(element: Any) -> Iterator[tuple[str, str]]:
    """Constructs of an element's formula, each with the reason for its refusal or ""."""
    root = element.getMath() if getattr(element, "isSetMath", bool)() else None
    if root is None:
        return
    kinds = _math_kinds()
    seen: set[int] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        stack.extend(node.getChild(k) for k in range(node.getNumChildren()))
        kind = node.getType()
        if kind in seen:
            continue
        seen.add(kind)
        if not is_readable(kind):
            yield (
                f"the MathML element {node.getName() or node.getOperatorName() or kind}",
                ("no mathematics of SBML"),
            )
        elif kind in kinds:
            yield kinds[kind], ""


def _math_kinds() -> dict[int, str]:
    """Node types that are worth a line of their own."""
    lib = library()
    named = {
        "AST_NAME_TIME": "the csymbol time",
        "AST_NAME_AVOGADRO": "the csymbol avogadro",
        "AST_FUNCTION_DELAY": "the csymbol delay",
        "AST_FUNCTION_RATE_OF": "the csymbol rateOf",
        "AST_FUNCTION_PIECEWISE": "piecewise formulas",
        "AST_FUNCTION": "calls of function definitions",
    }
    groups = {
        "relations in formulas": ("LT", "LEQ", "GT", "GEQ", "EQ", "NEQ"),
        "logical operators": ("AND", "OR", "XOR", "NOT", "IMPLIES"),
        "max, min, rem, quotient": ("MAX", "MIN", "REM", "QUOTIENT"),
    }
    found = {getattr(lib, name): words for name, words in named.items()}
    for words, names in groups.items():
        for name in names:
            for prefix in ("AST_RELATIONAL_", "AST_LOGICAL_", "AST_FUNCTION_"):
                kind = getattr(lib, prefix + name, None)
                if kind is not None:
                    found[kind] = words
    for name in dir(lib):
        if name.startswith("AST_DISTRIB_FUNCTION_"):
            found[getattr(lib, name)] = "random draws (package distrib)"
    return found


def _packages(document: Any) -> list[Construct]:
    """The packages that a document declares."""
    found = []
    for i in range(document.getNumPlugins()):
        name = document.getPlugin(i).getPackageName()
        if name == "l3v2extendedmath" and document.getVersion() > 1:
            continue  # libSBML's way of giving Level 3 Version 2 its operators
        kind, reason = PACKAGES.get(name, ("refused", "unknown package"))
        is_refused = kind == "refused" and document.getPackageRequired(name)
        support: Support = "supported" if kind == "read" else "left aside"
        found.append(
            Construct(
                name=f"the package {name}",
                support="refused" if is_refused else support,
                reason=reason,
            )
        )
    for i in range(document.getNumUnknownPackages()):
        uri = document.getUnknownPackageURI(i)
        name = package_name(uri, document.getUnknownPackagePrefix(i))
        support = "refused" if document.getPackageRequired(uri) else "left aside"
        found.append(
            Construct(name=f"the package {name}", support=support, reason="unknown package")
        )
    return found
