"""The evidence run: choose claims, run their experiments, judge them.

Enters: claim and module names, an engine source, a number of draws. Leaves: an :class:`Evidence`.
Called by ``sigmapath evidence`` and by the tests of the pathway.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigmapath.calibration.specs import calibrated_claims
from sigmapath.errors import PlanError
from sigmapath.evidence.claims import choose_claims, claims_folder, read_claims
from sigmapath.evidence.judging import Judgement, judge
from sigmapath.evidence.running import Draws, EngineSource, Members, Results, run_experiments
from sigmapath.evidence.specs import Experiment, read_experiments
from sigmapath.pathways.ligands import ligand_table
from sigmapath.record import record

__all__ = ["Evidence", "gather"]


@record(eq=False)
class Evidence:
    """Verdicts about some claims and the runs behind them."""

    judgements: tuple[Judgement, ...]
    results: Results

    def counts(self) -> Counter[str]:
        """How many claims got each verdict."""
        return Counter(judgement.verdict for judgement in self.judgements)


def gather(
    engine_of: EngineSource,
    *,
    claims: Sequence[str] = (),
    modules: Sequence[str] = (),
    ensemble: Members = None,
    factor: float | None = None,
    seed: int = 0,
    courses: bool = True,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Evidence:
    """Put claims to the test.

    Parameters
    ----------
    engine_of : callable name -> Engine
    claims, modules : sequence of str
        Which; all if neither is given.
    ensemble : int, Ensemble, or callable Engine -> Ensemble, optional
        Draws from the parameter ranges, or members of your own; member 0 is nominal.
    factor : float, optional
        Draw constants that nobody measured (assumed, fitted) within this factor of their values and
        leave the others; by default everything is drawn from its graded range. See
        :meth:`sigmapath.experiment.ensemble.ParameterRange.within`.
    seed : int
    courses : bool
        Record courses for the report.
    folder : Path, optional
        Claims, experiments, links and assays of your own; the packaged ones by default.
    progress : callable (done, total), optional
    **options
        Solver options.

    Raises
    ------
    SigmapathError
        If a claim or module is unknown, or a file of the claims makes no sense.
    """
    if factor is not None:
        ensemble = _near(ensemble, factor, seed)
    folder = folder or claims_folder()
    known = read_claims(folder / "claims.toml")
    experiments = _without_calibrated(read_experiments(folder, known), folder)
    chosen = choose_claims(known, claims, modules)
    results = run_experiments(
        [experiments[claim.id] for claim in chosen],
        engine_of,
        ensemble=ensemble,
        seed=seed,
        courses=courses,
        progress=progress,
        **options,
    )
    ligands = ligand_table()
    return Evidence(
        judgements=tuple(judge(claim, experiments[claim.id], results, ligands) for claim in chosen),
        results=results,
    )


def _near(ensemble: Members, factor: float, seed: int) -> Draws:
    if isinstance(ensemble, bool) or not isinstance(ensemble, int) or ensemble < 1:
        raise PlanError(
            "a factor says how far draws go, but none are asked for", where="factor",
            fix="say how many draws: ensemble=100 (--ensemble 100)",
        )  # fmt: skip
    if not (math.isfinite(factor) and factor > 1.0):
        raise PlanError(
            "constants are drawn within a factor above 1 of their values", where="factor",
            found=f"{factor:g}", expected="2",
        )  # fmt: skip
    return Draws(n=ensemble, seed=seed, factor=factor)


def _without_calibrated(
    experiments: Mapping[str, Experiment], folder: Path
) -> dict[str, Experiment]:
    """Mark claims that are targets of a calibration: fitted to, they test nothing any more."""
    targets = calibrated_claims() if folder == claims_folder() else {}
    return {
        name: replace(entry, by_construction=f"a target of the calibration '{targets[name]}'")
        if name in targets and not (entry.by_construction or entry.not_testable)
        else entry
        for name, entry in experiments.items()
    }
