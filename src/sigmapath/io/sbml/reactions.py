"""Reactions of a libSBML model as records.

Enters: a libSBML reaction. Leaves: a :class:`~sigmapath.model.components.Reaction`. Called by
:mod:`sigmapath.io.sbml.read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmapath.expr.nodes import Expr
from sigmapath.io.sbml.mathml import expression
from sigmapath.io.sbml.meta import read_meta
from sigmapath.io.sbml.units import unit_reference
from sigmapath.model.components import KineticLaw, LocalParameter, Reaction, SpeciesReference

__all__ = ["read_reaction"]

Prefixes = Mapping[str, str]


def read_reaction(element: Any, outer: Prefixes, level: int) -> Reaction:
    """Return the record of one reaction, ``outer`` being the prefixes declared around it."""
    where = f"reaction {element.getId()}"
    reactants = element.getListOfReactants()
    products = element.getListOfProducts()
    modifiers = element.getListOfModifiers()
    return Reaction(
        id=element.getId(),
        reactants=tuple(
            _reference(reactants.get(i), outer, level, where) for i in range(reactants.size())
        ),
        products=tuple(
            _reference(products.get(i), outer, level, where) for i in range(products.size())
        ),
        modifiers=tuple(modifiers.get(i).getSpecies() for i in range(modifiers.size())),
        kinetic_law=_kinetic_law(element.getKineticLaw(), outer, level, where),
        name=element.getName() if level > 1 else "",
        reversible=element.getReversible(),
        fast=element.isSetFast() and element.getFast(),
        compartment=element.getCompartment() if level > 2 else "",
        meta=read_meta(element, outer),
    )


def _reference(element: Any, outer: Prefixes, level: int, where: str) -> SpeciesReference:
    math: Expr | None = None
    if level == 2 and element.isSetStoichiometryMath():
        wrapper = element.getStoichiometryMath()
        if wrapper.isSetMath():
            math = expression(
                wrapper.getMath(), f"{where}, stoichiometry of {element.getSpecies()}"
            )
    value: float | None
    if math is not None and math.op == "num":
        value, math = _number(math), None
    elif math is not None:
        value = None
    elif level == 1:
        value = element.getStoichiometry() / (element.getDenominator() or 1)
    elif level == 2:
        value = element.getStoichiometry()  # 1 where none is given: Level 2 Version 4, 4.13.3
    else:
        value = element.getStoichiometry() if element.isSetStoichiometry() else None
    return SpeciesReference(
        species=element.getSpecies(),
        stoichiometry=value,
        stoichiometry_math=math,
        id=element.getId() if level > 1 else "",
        name=element.getName() if level > 1 else "",
        constant=element.getConstant() if level > 2 else math is None,
        meta=read_meta(element, outer),
    )


def _number(node: Expr) -> float:
    assert isinstance(node.value, float)
    return node.value


def _kinetic_law(law: Any, outer: Prefixes, level: int, where: str) -> KineticLaw | None:
    root = law.getMath() if law is not None and law.isSetMath() else None
    if root is None:
        return None
    parameters = law.getListOfLocalParameters() if level > 2 else law.getListOfParameters()
    return KineticLaw(
        math=expression(root, f"{where}, kinetic law"),
        local_parameters=tuple(
            LocalParameter(
                id=item.getId(),
                name=item.getName() if level > 1 else "",
                value=item.getValue() if item.isSetValue() else None,
                units=unit_reference(item.getUnits(), level),
                meta=read_meta(item, outer),
            )
            for item in (parameters.get(i) for i in range(parameters.size()))
        ),
        meta=read_meta(law, outer),
    )
