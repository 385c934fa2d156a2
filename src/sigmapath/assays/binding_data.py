"""What a binding assay hands over: points with errors, a fit, what is worked out from it, a figure.

Enters: arrays. Leaves: records shaped like the data of a paper. Made by :mod:`.binding`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.assays.one_site import fit_competition
from sigmapath.record import record

__all__ = ["Competition", "Saturation"]

FloatArray = NDArray[np.float64]


@record(eq=False)
class Saturation:
    """A saturation experiment.

    Parameters
    ----------
    free, specific, total, nonspecific : ndarray, shape (n,) [nM]
        Free label, and bound label per point (mean of the replicates).
    sem : ndarray, shape (n,) [nM]
        Standard error of ``specific``; 0 without noise.
    kd, bmax : float [nM]
    n : int
        Replicates.
    seed : int
    """

    free: FloatArray
    total: FloatArray
    nonspecific: FloatArray
    specific: FloatArray
    sem: FloatArray
    kd: float
    bmax: float
    n: int
    seed: int

    def plot(self, ax: Any = None) -> Any:
        """Draw specific and non-specific binding against free label; returns the axes."""
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(4.5, 3.4), layout="constrained").subplots()
        ax.errorbar(self.free, self.specific, yerr=self.sem, fmt="o", capsize=3, label="specific")
        ax.plot(self.free, self.nonspecific, "--", label="non-specific")
        fine = np.linspace(0.0, self.free[-1], 200)
        ax.plot(fine, self.bmax * fine / (self.kd + fine))
        ax.set(xlabel="free label [nM]", ylabel="specific binding [nM]")
        ax.set_title(f"Kd {self.kd:.3g} nM, Bmax {self.bmax:.3g} nM, n = {self.n}", fontsize=9)
        ax.legend(frameon=False)
        return ax


@record(eq=False)
class Competition:
    """A competition experiment.

    Parameters
    ----------
    concentration : ndarray, shape (n,) [nM]
        Of the unlabelled ligand.
    total, specific, percent, sem : ndarray, shape (n,)
        Bound label [nM]; specific binding as % of that without competitor; its standard error.
    nonspecific : float [nM]
    ic50, ki, kd : float [nM]
        Of the one-site fit; by Cheng and Prusoff with the ``kd`` of the label.
    depletion : float
        Bound over added label without competitor [1]; above 0.1 the analysis is off.
    n, seed : int
    """

    concentration: FloatArray
    total: FloatArray
    nonspecific: float
    specific: FloatArray
    percent: FloatArray
    sem: FloatArray
    ic50: float
    ki: float
    kd: float
    depletion: float
    n: int
    seed: int

    def plot(self, ax: Any = None) -> Any:
        """Draw specific binding against the competitor, with the fit; returns the axes."""
        if ax is None:
            from matplotlib.figure import Figure

            ax = Figure(figsize=(4.5, 3.4), layout="constrained").subplots()
        ax.errorbar(self.concentration, self.percent, yerr=self.sem, fmt="o", capsize=3)
        fine = np.geomspace(self.concentration[0], self.concentration[-1], 200)
        ic50, top, bottom = fit_competition(self.concentration, self.percent)
        ax.plot(fine, bottom + (top - bottom) / (1.0 + fine / ic50))
        ax.set(
            xscale="log", xlabel="competitor [nM]", ylabel="specific binding [%]", ylim=(-5, None)
        )
        ax.set_title(f"IC50 {self.ic50:.3g} nM, Ki {self.ki:.3g} nM, n = {self.n}", fontsize=9)
        return ax
