"""What libSBML's flattening of submodels leaves out, put before it and after it.

Enters: a hierarchical libSBML document. Leaves: the same document, changed in place. Called by
:mod:`sigmapath.io.sbml.flatten`.

- A model's ``conversionFactor`` holds for the species of that model (SBML L3V2 section 4.2.6), also
  where it is a submodel; libSBML drops it, or gives the outer model's to everybody. It is written
  to the species, where it means the same (section 4.6.7).
- A rate of change in a submodel is per the submodel's own unit of time: with the factor t of its
  ``timeConversionFactor`` (comp V1 section 3.6.3) it is t times the rate seen from outside. libSBML
  converts lags of ``delay`` and forgets ``rateOf``; so a rate travels as a delay of a known lag.
- Calls inside function definitions are not renamed with the functions they call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sigmapath.io.sbml.library import library

__all__ = ["after_flattening", "before_flattening", "what_flattening_loses"]

# Lag that marks a rate on its way through the flattening: no lag is negative.
_MARK = -7.25e-301
_SEPARATOR = "__"

Change = Callable[[Any], Any]


def before_flattening(document: Any) -> None:
    """Write out what flattening would lose."""
    converts_time = _converts_time(document)
    for model in _models(document):
        _push_conversion_factor(model)
        if converts_time:
            _change_formulas(model, _rate_to_delay)


def after_flattening(document: Any) -> None:
    """Take back what :func:`before_flattening` wrote, and repair calls inside functions."""
    model = document.getModel()
    _change_formulas(model, _delay_to_rate)
    listed = model.getListOfFunctionDefinitions()
    definitions = [listed.get(i) for i in range(listed.size())]
    known = {definition.getId() for definition in definitions}
    for definition in definitions:
        if definition.isSetMath():
            _rename_calls(definition, known)


def _converts_time(document: Any) -> bool:
    """Whether any submodel has a unit of time of its own."""
    for model in _models(document):
        plugin = model.getPlugin("comp")
        for i in range(plugin.getNumSubmodels() if plugin is not None else 0):
            if plugin.getSubmodel(i).isSetTimeConversionFactor():
                return True
    return False


def what_flattening_loses(document: Any) -> str:
    """What of an unprepared document would come out of the flattening wrong; "" for nothing."""
    for model in _models(document):
        if model.isSetConversionFactor():
            return "the conversion factor"
        listed = model.getListOfAllElements()
        for i in range(listed.getSize()):
            element = listed.get(i)
            if getattr(element, "isSetMath", bool)() and _has_rate(element.getMath()):
                return "a rate of change (rateOf)"
    return ""


def _has_rate(root: Any) -> bool:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.getType() == library().AST_FUNCTION_RATE_OF:
            return True
        stack.extend(node.getChild(k) for k in range(node.getNumChildren()))
    return False


def _models(document: Any) -> Iterator[Any]:
    if document.getModel() is not None:
        yield document.getModel()
    plugin = document.getPlugin("comp")
    for i in range(plugin.getNumModelDefinitions() if plugin is not None else 0):
        yield plugin.getModelDefinition(i)


def _push_conversion_factor(model: Any) -> None:
    if not model.isSetConversionFactor():
        return
    factor = model.getConversionFactor()
    for i in range(model.getNumSpecies()):
        species = model.getSpecies(i)
        if not species.isSetConversionFactor():
            species.setConversionFactor(factor)
    model.unsetConversionFactor()


def _change_formulas(model: Any, change: Change) -> None:
    """Replace nodes in all formulas of a model; ``change`` returns a node or None."""
    listed = model.getListOfAllElements()
    for i in range(listed.getSize()):
        element = listed.get(i)
        if not getattr(element, "isSetMath", bool)():
            continue
        # A root of its own, so that the whole formula can be replaced like any other part.
        root = library().ASTNode(library().AST_PLUS)
        root.addChild(element.getMath().deepCopy())
        if _change_below(root, change):
            element.setMath(root.getChild(0))


def _change_below(root: Any, change: Change) -> bool:
    changed = False
    stack = [root]
    while stack:
        node = stack.pop()
        for k in range(node.getNumChildren()):
            child = node.getChild(k)
            fresh = change(child)
            if fresh is None:
                stack.append(child)
            else:
                node.replaceChild(k, fresh, True)
                changed = True
    return changed


def _rate_to_delay(node: Any) -> Any:
    lib = library()
    if node.getType() != lib.AST_FUNCTION_RATE_OF or node.getNumChildren() != 1:
        return None
    lag = lib.ASTNode(lib.AST_REAL)
    lag.setValue(_MARK)
    delayed = lib.ASTNode(lib.AST_FUNCTION_DELAY)
    delayed.setName("delay")
    delayed.addChild(node.getChild(0).deepCopy())
    delayed.addChild(lag)
    return delayed


def _delay_to_rate(node: Any) -> Any:
    lib = library()
    if node.getType() != lib.AST_FUNCTION_DELAY or node.getNumChildren() != 2:
        return None
    lag = lib.ASTNode(lib.AST_TIMES)
    lag.addChild(node.getChild(1).deepCopy())
    if not _change_below(lag, _mark_to_one):
        return None
    rate = lib.ASTNode(lib.AST_FUNCTION_RATE_OF)
    rate.setName("rateOf")
    rate.addChild(node.getChild(0).deepCopy())
    lag.addChild(rate)
    return lag


def _mark_to_one(node: Any) -> Any:
    lib = library()
    if node.getType() != lib.AST_REAL or node.getValue() != _MARK:
        return None
    one = lib.ASTNode(lib.AST_INTEGER)
    one.setValue(1)
    return one


def _rename_calls(definition: Any, known: set[str]) -> None:
    """Give calls of unknown functions the longest prefix of the caller that makes them known."""
    parts = definition.getId().split(_SEPARATOR)
    prefixes = [_SEPARATOR.join(parts[:n]) + _SEPARATOR for n in range(len(parts) - 1, 0, -1)]
    root = definition.getMath().deepCopy()
    stack, changed = [root], False
    while stack:
        node = stack.pop()
        stack.extend(node.getChild(k) for k in range(node.getNumChildren()))
        name = node.getName() if node.getType() == library().AST_FUNCTION else None
        if not name or name in known:
            continue
        found = next((p + name for p in prefixes if p + name in known), None)
        if found is not None:
            node.setName(found)
            changed = True
    if changed:
        definition.setMath(root)
