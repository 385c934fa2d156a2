"""Signalling networks of any size, the same for the same seed.

Enters: a number of species. Leaves: Antimony text. The mix follows published signalling models:
reversible conversions in a chain, reversible binding, enzymatic steps with saturation; rate
constants spread over four decades, so that larger networks are stiff as real ones are.

Who reacts with whom is either random among all, so that no order of elimination keeps the Jacobian
sparse and its factors grow with the square of the size; or local, as in networks made of modules.
"""

from __future__ import annotations

import numpy as np

__all__ = ["network_text"]

_N_SWEPT = 10
# Local wiring: partners are this far away on average, in the order of the chain.
_REACH = 5.0


def network_text(
    n_species: int, seed: int = 1, *, wiring: str = "random"
) -> tuple[str, tuple[str, ...]]:
    """Antimony text of a closed mass-action and Michaelis-Menten network, and what to sweep.

    Parameters
    ----------
    n_species : int
        3 or more; about 1.75 reactions per species.
    seed : int
    wiring : {"random", "local"}
    """
    if wiring not in ("random", "local"):
        raise ValueError("wiring is random or local")
    if n_species < 3:
        raise ValueError("a generated network has three species or more")
    rng = np.random.default_rng([seed, n_species])
    lines = [f"model generated_{n_species}"]
    lines += [f"  S{i} = {rng.uniform(0.1, 2.0):.6g};" for i in range(n_species)]
    constants: list[str] = []

    def constant(decades: tuple[float, float]) -> str:
        name = f"k{len(constants)}"
        constants.append(f"  {name} = {10.0 ** rng.uniform(*decades):.6g};")
        return name

    def partners(i: int) -> tuple[int, int, int]:
        """Three different species, around ``i`` where the wiring is local."""
        if wiring == "random":
            a, b, c = rng.choice(n_species, 3, replace=False)
            return int(a), int(b), int(c)
        found: list[int] = []
        while len(found) < 3:
            place = (i + int(rng.geometric(1.0 / _REACH)) * int(rng.choice((-1, 1)))) % n_species
            if place not in found:
                found.append(place)
        return found[0], found[1], found[2]

    for i in range(n_species):
        j = (i + 1) % n_species
        forward, back = constant((-2, 1)), constant((-2, 1))
        lines.append(f"  conversion{i}: S{i} -> S{j}; {forward} * S{i} - {back} * S{j};")
    for i in range(0, n_species, 2):
        a, b, c = partners(i)
        forward, back = constant((-1, 2)), constant((-2, 1))
        lines.append(f"  binding{i}: S{a} + S{b} -> S{c}; {forward} * S{a} * S{b} - {back} * S{c};")
    for i in range(0, n_species, 4):
        enzyme, a, b = partners(i)
        fast, half = constant((-1, 1)), constant((-1, 1))
        lines.append(f"  enzyme{i}: S{a} -> S{b}; {fast} * S{enzyme} * S{a} / ({half} + S{a});")
    lines += [*constants, "end", ""]
    return "\n".join(lines), tuple(f"k{i}" for i in range(min(_N_SWEPT, len(constants))))
