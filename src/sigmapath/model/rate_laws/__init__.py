"""Rate laws by name: constructors of kinetic laws, each with its formula and source.

Enters: ids, numbers or expressions. Leaves: an expression of *extent per time*, ready for
:meth:`sigmapath.model.builder.ModelBuilder.reaction`.

In SBML a kinetic law is amount per time (section 4.11.5), while textbook laws are concentration
per time. Every constructor therefore asks for ``volume``: the compartment (or area) in which the
reaction takes place, by which the textbook law is multiplied. ``volume=None`` leaves the textbook
law as it is, for species that are counted in amounts or constants that contain the volume.
"""

from __future__ import annotations

from sigmapath.model.rate_laws.elementary import (
    constant_flux,
    diffusion,
    linear_transport,
    mass_action,
    reversible_mass_action,
)
from sigmapath.model.rate_laws.enzymes import (
    hill,
    michaelis_menten,
    reversible_hill,
    reversible_michaelis_menten,
)
from sigmapath.model.rate_laws.inhibition import (
    competitive_inhibition,
    noncompetitive_inhibition,
    uncompetitive_inhibition,
)

__all__ = [
    "competitive_inhibition",
    "constant_flux",
    "diffusion",
    "hill",
    "linear_transport",
    "mass_action",
    "michaelis_menten",
    "noncompetitive_inhibition",
    "reversible_hill",
    "reversible_mass_action",
    "reversible_michaelis_menten",
    "uncompetitive_inhibition",
]
