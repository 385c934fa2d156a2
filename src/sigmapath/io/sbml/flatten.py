"""Flattening of hierarchical models (the comp package) by libSBML.

Enters: a libSBML document. Leaves: the same document without submodels, changed in place. Called
by :mod:`sigmapath.io.sbml.document`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError, UnsupportedFeatureError
from sigmapath.io.prescan import clean_xml, decoded
from sigmapath.io.sbml.library import findings, library
from sigmapath.io.sbml.submodels import (
    after_flattening,
    before_flattening,
    what_flattening_loses,
)

__all__ = ["flatten", "submodel_ids"]

# Flattening writes every instance out; a file of a few kB can ask for 2^60 of them.
MAX_INSTANCES = 4000
MAX_EXTERNAL_FILES = 200


def flatten(document: Any, where: str, folder: Path | None) -> None:
    """Replace submodels by their content; a document without the comp package is left alone.

    Parameters
    ----------
    document : libsbml.SBMLDocument
        Changed in place.
    where : str
        File name for messages.
    folder : Path or None
        External models must lie in it or below; None refuses them.

    Raises
    ------
    ParseError
        If the hierarchy is broken.
    UnsupportedFeatureError
        If it refers to files elsewhere, or has more than MAX_INSTANCES submodels.
    """
    plugin = document.getPlugin("comp")
    if plugin is None:
        return
    _check_externals(document, where, folder, {})
    _count_instances(document, where)
    before_flattening(document)
    lib = library()
    if folder is not None:
        document.setLocationURI("file:" + str(folder / "model.xml"))
    properties = lib.ConversionProperties()
    properties.addOption("flatten comp", True)
    properties.addOption("performValidation", False)
    properties.addOption("leavePorts", False)
    properties.addOption("abortIfUnflattenable", "none")
    status = document.convert(properties)
    if status != lib.LIBSBML_OPERATION_SUCCESS or document.getModel() is None:
        errors = [f for f in findings(document) if f.severity in {"error", "fatal"}]
        raise ParseError(
            "the submodels cannot be flattened",
            file=where,
            line=errors[0].line if errors else None,
            found=errors[0].message if errors else f"libSBML code {status}",
        )
    after_flattening(document)


def submodel_ids(document: Any) -> frozenset[str]:
    """Ids of all submodels at every level of a document: the prefixes that flattening makes."""
    lib = library()
    elements = document.getListOfAllElements()
    return frozenset(
        element.getId()
        for element in (elements.get(i) for i in range(elements.getSize()))
        if isinstance(element, lib.Submodel)
    )


def _check_externals(document: Any, where: str, folder: Path | None, seen: dict[Path, str]) -> None:
    """Prescan every file that external model definitions name, and keep them inside ``folder``."""
    plugin = document.getPlugin("comp")
    if plugin is None:
        return
    for i in range(plugin.getNumExternalModelDefinitions()):
        definition = plugin.getExternalModelDefinition(i)
        source = definition.getSource()
        place = f"{where}, external model '{definition.getId()}'"
        if folder is None:
            raise UnsupportedFeatureError(
                "a reference to another file in SBML text",
                where=place,
                fix="load the model from its file",
            )
        path = _inside(folder, source, place)
        if path in seen:
            continue
        seen[path] = place
        if len(seen) > MAX_EXTERNAL_FILES:
            raise UnsupportedFeatureError("a model of so many files", where=where)
        try:
            text = decoded(path.read_bytes(), path.name)
        except OSError as error:
            raise ParseError(
                "a file that the model refers to cannot be read",
                file=place,
                found=f"{source}: {error.strerror}",
            ) from error
        inner = library().readSBMLFromString(clean_xml(text, path.name))
        _refuse_what_would_be_lost(inner, place)
        _check_externals(inner, path.name, path.parent if path.parent != folder else folder, seen)


def _refuse_what_would_be_lost(inner: Any, place: str) -> None:
    """Refuse what libSBML's flattening drops from models that it reads from files itself."""
    lost = what_flattening_loses(inner)
    if lost:
        raise UnsupportedFeatureError(
            f"{lost} of a model in another file",
            where=place,
            fix="move the model definition into the main file",
        )


def _inside(folder: Path, source: str, place: str) -> Path:
    """File below ``folder`` that a relative source names."""
    relative = source.removeprefix("file:")
    path = (folder / relative).resolve()
    if ":" in relative or Path(relative).is_absolute() or not path.is_relative_to(folder.resolve()):
        raise UnsupportedFeatureError(
            "a reference to a file outside the model's folder",
            where=place,
            fix="put the file beside the model and name it without a path",
        )
    return path


def _count_instances(document: Any, where: str) -> None:
    """Refuse a hierarchy that would not fit in memory when written out."""
    plugin = document.getPlugin("comp")
    definitions = {
        definition.getId(): definition.getPlugin("comp")
        for definition in (
            plugin.getModelDefinition(i) for i in range(plugin.getNumModelDefinitions())
        )
    }
    counts: dict[str, int] = {}

    def references(part: Any) -> list[str]:
        if part is None:
            return []
        return [part.getSubmodel(i).getModelRef() for i in range(part.getNumSubmodels())]

    def count(name: str, above: tuple[str, ...]) -> int:
        if name in above or len(above) > 100:
            raise ParseError(
                "submodels contain each other", file=where, found=" > ".join([*above[-5:], name])
            )
        if name not in counts:
            inner = references(definitions.get(name))
            counts[name] = 1 + sum(count(part, (*above, name)) for part in inner)
        return counts[name]

    total = sum(count(part, ()) for part in references(document.getModel().getPlugin("comp")))
    if total > MAX_INSTANCES:
        raise UnsupportedFeatureError(
            f"a model of {total} submodels",
            where=where,
            fix=f"keep the hierarchy below {MAX_INSTANCES} submodels",
        )
