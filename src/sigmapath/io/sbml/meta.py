"""Notes, annotations and other things every element carries.

Enters: a libSBML element. Leaves: a :class:`~sigmapath.model.components.Meta`. Called by
:mod:`sigmapath.io.sbml.read`. Notes become plain text, annotations keep their XML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sigmapath.model.components import Meta

__all__ = ["namespaces_of", "read_meta"]

_EMPTY = Meta()


def namespaces_of(*elements: Any) -> dict[str, str]:
    """Prefixes that elements of a document declare: an annotation below may lean on them."""
    declared: dict[str, str] = {}
    for element in elements:
        spaces = element.getNamespaces()
        if spaces is not None:
            for i in range(spaces.getLength()):
                declared[spaces.getPrefix(i)] = spaces.getURI(i)
    return declared


def _standing_alone(annotation: str, outer: Mapping[str, str]) -> str:
    """Annotation XML with the prefixes declared further up declared on itself."""
    missing = [
        prefix
        for prefix in outer
        if prefix
        and f"xmlns:{prefix}=" not in annotation
        and re.search(rf"[<\s/]{re.escape(prefix)}:", annotation)
    ]
    if not missing:
        return annotation
    # Imported where it is needed: it brings the whole of Python's internet with it.
    from xml.sax.saxutils import quoteattr

    declarations = "".join(f" xmlns:{prefix}={quoteattr(outer[prefix])}" for prefix in missing)
    return annotation.replace("<annotation", "<annotation" + declarations, 1)


def read_meta(element: Any, outer: Mapping[str, str]) -> Meta:
    """Return notes, annotation, SBO term and metaid of an element.

    Parameters
    ----------
    element : libsbml.SBase
        Any element.
    outer : mapping
        Namespace prefixes declared on the enclosing elements.
    """
    notes = ""
    if element.isSetNotes():
        from sigmapath.io.sbml.notes import plain_text

        notes = plain_text(element.getNotesString())
    annotation = ""
    if element.isSetAnnotation():
        annotation = _standing_alone(element.getAnnotationString().strip(), outer)
    sbo_term = element.getSBOTerm() if element.isSetSBOTerm() else None
    metaid = element.getMetaId()
    if not (notes or annotation or metaid) and sbo_term is None:
        return _EMPTY
    return Meta(notes=notes, annotation=annotation, sbo_term=sbo_term, metaid=metaid)
