"""Where the packaged pathways are, and one line about each, without reading a model.

Enters: the folder ``models`` (inside an installed package, or at the top of a source tree). Leaves:
paths, descriptions, conditions, the data of the dose experiment. Published models that validate the
engine stand beside the pathways, as "validation/<name>", and are listed only when asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmapath.errors import ModelError, ParseError, UnknownNameError
from sigmapath.record import record

if TYPE_CHECKING:
    from sigmapath.experiment.condition import Condition

__all__ = [
    "VALIDATION",
    "PackagedModel",
    "find_model",
    "model_conditions",
    "model_descriptions",
    "model_entry",
    "model_names",
    "model_path",
    "models_folder",
]

# A file that tells the folder of the pathways from any other folder called "models".
_MARKER = "ligands.csv"
VALIDATION = "validation"


@cache
def models_folder() -> Path:
    """Return the folder of the packaged pathways.

    Raises
    ------
    ModelError
        If it is missing: the installation is damaged.
    """
    here = Path(__file__).resolve()
    for folder in (here.parents[1] / "models", here.parents[3] / "models"):
        if (folder / _MARKER).is_file():
            return folder
    raise ModelError(
        "the packaged pathways are missing",
        where=str(here.parents[1] / "models"),
        fix="install sigmapath again",
    )


def model_names(*, validation: bool = False) -> tuple[str, ...]:
    """Names of the packaged pathways: those of the index in its order, then any others.

    Parameters
    ----------
    validation : bool
        Published models that validate the engine instead of the pathways.
    """
    pattern, prefix = (f"{VALIDATION}/*.ant", VALIDATION + "/") if validation else ("*.ant", "")
    files = {prefix + path.stem for path in models_folder().glob(pattern)}
    indexed = [name for name in _index() if name in files]
    return (*indexed, *sorted(files - set(indexed)))


def model_path(name: str) -> Path:
    """Return the file of a packaged pathway.

    Raises
    ------
    UnknownNameError
        If there is none of that name, with near matches.
    """
    names = _all_names()
    if name not in names:
        raise UnknownNameError(
            "model", name, names, fix="sigmapath models lists them; or give the path of a file"
        )
    return models_folder() / f"{name}.ant"


def _all_names() -> tuple[str, ...]:
    return (*model_names(), *model_names(validation=True))


@record
class PackagedModel:
    """A packaged pathway: its file, and what ``models/index.toml`` says about it.

    ``dose_arms`` are the tables of the dose experiment as they stand there.
    """

    name: str
    path: Path
    description: str
    dose_arms: tuple[Mapping[str, Any], ...] = ()

    def conditions(self) -> dict[str, Condition]:
        """Named conditions, read when asked for."""
        return model_conditions()


def find_model(name: str | os.PathLike[str]) -> PackagedModel | None:
    """Return the packaged pathway of that name; None if the name is that of a file.

    A name with a suffix is a file. So is one with a folder in it, or that exists as a file, unless
    it is a packaged one.

    Raises
    ------
    UnknownNameError
        If it is neither, with near matches.
    """
    text = os.fspath(name)
    path = Path(text)
    if path.suffix:
        return None
    if text in _all_names():
        entry = model_entry(text)
        return PackagedModel(
            name=text,
            path=model_path(text),
            description=str(entry.get("description", "")),
            dose_arms=tuple(entry.get("dose_arms", ())),
        )
    if not isinstance(name, str) or path.parent != Path() or path.is_file():
        return None
    model_path(text)
    return None


def model_descriptions(*, validation: bool = False) -> dict[str, str]:
    """Packaged pathways, or published models, with one line each; no model is read."""
    index = _index()
    names = model_names(validation=validation)
    return {name: str(index.get(name, {}).get("description", "")) for name in names}


def model_entry(name: str) -> dict[str, Any]:
    """What ``models/index.toml`` says about a pathway: its description, its dose arms, ...

    Raises
    ------
    UnknownNameError
    """
    model_path(name)
    return dict(_index().get(name, {}))


def model_conditions() -> dict[str, Condition]:
    """Named conditions of the packaged pathways."""
    from sigmapath.experiment.condition import read_conditions

    path = models_folder() / "conditions.toml"
    return read_conditions(path) if path.is_file() else {}


@cache
def _index() -> dict[str, dict[str, Any]]:
    path = models_folder() / "index.toml"
    if not path.is_file():
        return {}
    # Imported where it is needed: the file of a user is found without the index.
    import tomllib

    try:
        with path.open("rb") as stream:
            content = tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParseError(
            "the index of the pathways cannot be read", file=str(path), found=str(error)
        ) from error
    found: dict[str, dict[str, Any]] = {}
    for section, prefix in (("models", ""), (VALIDATION, VALIDATION + "/")):
        entries = content.get(section, {})
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ParseError(f"[{section}] holds one table per model", file=str(path))
        found |= {prefix + name: entry for name, entry in entries.items()}
    return found
