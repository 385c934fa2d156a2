"""Table of SBML packages: read, ignored or refused.

Enters: a libSBML document. Leaves: notes on ignored packages, or an error naming the package and
the first element that needs it. Called by :mod:`sigmapath.io.sbml.document`.
"""

from __future__ import annotations

from typing import Any, Literal

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.io.sbml.library import library

__all__ = ["PACKAGES", "package_name", "require_known_packages", "require_supported"]

Support = Literal["read", "ignored", "refused"]

# A package that changes no mathematics of a time course (SBML Level 3 "required" = false by its
# specification) may be left aside; one that does is refused even where a file says otherwise.
PACKAGES: dict[str, tuple[Support, str]] = {
    "comp": ("read", "flattened"),
    "l3v2extendedmath": ("read", "the operators are those of Level 3 Version 2"),
    "fbc": ("ignored", "flux bounds and objectives say nothing about a time course"),
    "layout": ("ignored", "drawing only"),
    "render": ("ignored", "drawing only"),
    "groups": ("ignored", "grouping only"),
    "qual": ("refused", "logical transitions have no rates"),
    "multi": ("refused", "species types with binding sites"),
    "distrib": ("read", "random draws; uncertainties change no mathematics"),
    "spatial": ("refused", "geometry and diffusion"),
    "arrays": ("refused", "arrays of elements"),
    "dyn": ("refused", "elements that appear and vanish"),
}


def require_supported(document: Any, where: str) -> tuple[str, ...]:
    """Return a note per ignored package.

    Raises
    ------
    UnsupportedFeatureError
        If a refused package is used, or an unknown one is required.
    """
    notes: list[str] = []
    for i in range(document.getNumPlugins()):
        package = document.getPlugin(i).getPackageName()
        support, reason = PACKAGES.get(package, ("refused", "unknown package"))
        if support == "read":
            if package == "distrib" and (element := _first_element(document, package)):
                notes.append(f"package 'distrib': {element} was left aside, a remark on accuracy")
            continue
        if support == "refused":
            element = _first_element(document, package)
            if element or document.getPackageRequired(package):
                raise UnsupportedFeatureError(
                    f"the SBML package '{package}' ({reason})",
                    where=f"{where}, {element}" if element else where,
                    fix="export the model without this package",
                )
        notes.append(f"package '{package}' was left aside: {reason}")
    return (*notes, *require_known_packages(document, where))


def require_known_packages(document: Any, where: str) -> tuple[str, ...]:
    """Return a note per package that libSBML does not know; raise if the file requires one."""
    notes: list[str] = []
    for i in range(document.getNumUnknownPackages()):
        prefix, uri = document.getUnknownPackagePrefix(i), document.getUnknownPackageURI(i)
        name = package_name(uri, prefix)
        if document.getPackageRequired(uri):
            raise UnsupportedFeatureError(
                f"the required SBML package '{name}'",
                where=where,
                fix="export the model without this package",
            )
        notes.append(f"unknown package '{name}' was left aside")
    return tuple(notes)


def package_name(uri: str, prefix: str) -> str:
    """Return the short name of a package that libSBML does not know."""
    parts = uri.rstrip("/").split("/")
    return parts[-2] if len(parts) > 2 and parts[-1].startswith("version") else prefix or uri


def _first_element(document: Any, package: str) -> str:
    """First element of a package as "name 'id'", "" where there is none."""
    elements = document.getListOfAllElements()
    for i in range(elements.getSize()):
        element = elements.get(i)
        if element.getPackageName() == package and not isinstance(element, library().ListOf):
            return f"{element.getElementName()} '{element.getId()}'"
    return ""
