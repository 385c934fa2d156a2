"""The public interface: load a model, run experiments on it, look at it.

Enters: names, paths, text, plain numbers and units as people write them. Leaves: labelled Datasets,
curves, tables. Every call is stateless: a model never changes, and the same inputs give the same
bytes whatever ran before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sigmapath.description import Description
from sigmapath.errors import PlanError

if TYPE_CHECKING:
    import xarray as xr

    from sigmapath.analysis.dose_response import DoseResponse
    from sigmapath.analysis.dose_results import DoseExperiment
    from sigmapath.experiment.ligands import LigandTable
    from sigmapath.experiment.readouts import Readout
    from sigmapath.model.network import ReactionNetwork
    from sigmapath.results.raw import RawResult
    from sigmapath.simulate.engine import Engine
    from sigmapath.simulate.rest import RestReport
    from sigmapath.simulate.simulator import Simulator
    from sigmapath.simulate.stages import Stages

__all__ = ["Model", "from_antimony", "from_network", "from_sbml", "ligands", "load", "models"]


def load(name: str | os.PathLike[str]) -> Model:
    """Load a packaged pathway by name, or a model file by path.

    Parameters
    ----------
    name : str or path
        A name of :func:`models`, or a path: .ant is Antimony, .xml and .sbml are SBML.

    Raises
    ------
    UnknownNameError
        If it is neither; lists the nearest names.
    ParseError
        If the file cannot be read; says where.
    UnsupportedFeatureError
        If the model uses something that is not supported; says what and where.
    """
    from sigmapath.pathways.ligands import ligand_table
    from sigmapath.pathways.registry import find_model
    from sigmapath.simulate.stages import read_stages

    packaged = find_model(name)
    if packaged is None:
        return Model(read_stages(name, conditions={}, ligands=ligand_table))
    stages = read_stages(packaged.path, conditions=packaged.conditions(), ligands=ligand_table)
    return Model(stages, name=packaged.name, dose_arms=packaged.dose_arms)


def from_antimony(text: str) -> Model:
    """Return the model that an Antimony text defines; raises ParseError with the line."""
    from sigmapath.io.load import network_from_antimony

    return from_network(network_from_antimony(text))


def from_sbml(text: str) -> Model:
    """Return the model that an SBML text defines; raises ParseError with the line."""
    from sigmapath.io.load import network_from_sbml

    return from_network(network_from_sbml(text))


def from_network(network: ReactionNetwork) -> Model:
    """Return the model of a network built in Python (``sp.ModelBuilder(...).build()``)."""
    from sigmapath.pathways.ligands import ligand_table
    from sigmapath.simulate.stages import Stages

    return Model(Stages(network, conditions={}, ligands=ligand_table))


def models(*, validation: bool = False) -> dict[str, str]:
    """Return the packaged pathways: name -> one line.

    Parameters
    ----------
    validation : bool
        The published models that validate the engine instead.
    """
    from sigmapath.pathways.registry import model_descriptions

    return dict(model_descriptions(validation=validation))


def ligands() -> LigandTable:
    """Return the ligand table: name or alias -> record; ``.to_pandas()`` for a table."""
    from sigmapath.pathways.ligands import ligand_table

    return ligand_table()


class Model(Description):
    """A reaction network, ready for experiments. Immutable.

    Made by :func:`load`, :func:`from_antimony`, :func:`from_sbml` and :func:`from_network`.

    Parameters
    ----------
    stages : Stages
        The model itself, from its network to its engines.
    name : str, optional
        Of a packaged pathway; by default the network's id.
    dose_arms : sequence of tables, optional
        Arms of the dose experiment, as read from ``models/index.toml``.

    Notes
    -----
    Times, doses and values are plain numbers in the units of the model, or text with a unit
    ("100 nM", "6 h"). Options of every run: ``method`` ("auto", "rodas5p", "tsit5", "bdf"; "ssa" is
    exact stochastic simulation), ``rtol`` (1e-6), ``atol`` (by default 1e-3 rtol times the scale of
    each state, which the model's start values give and which is at most 1), ``max_steps``,
    ``backend`` ("llvm" or "numba"), ``threads``, ``progress`` (a callable (done, total)).
    """

    def __init__(
        self,
        stages: Stages,
        *,
        name: str | None = None,
        dose_arms: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(stages, name=name)
        self._dose_arms = tuple(dose_arms)

    def simulate(
        self,
        times: Any,
        *,
        doses: Any = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        condition: Any = None,
        protocol: Any = None,
        observables: Sequence[str] | str | None = None,
        ensemble: Any = None,
        seed: int = 0,
        replicates: int | None = None,
        moments: bool = False,
        **options: Any,
    ) -> xr.Dataset:
        """Simulate over time.

        Parameters
        ----------
        times : array, or end time
            Output times; an end time gives 201 even points. Integration starts at 0; a value at t
            is the value after everything that happens at t.
        doses : mapping name -> level, or sequence of ``sp.dose(...)``
            Held from t = 0, or given on schedule. Names are ligands, inputs, parameters, species.
        parameters, initial : mapping id -> value
            Hold from the start, in an equilibration too.
        condition : str, optional
            Named context; ``parameters`` win over it.
        protocol : list of ``sp.equilibrate()``, ``sp.phase(...)``, ``sp.washout(...)``, optional
        observables : sequence of str, optional
            Ids and formulas; all species if left out.
        ensemble : int or ``sp.ensemble(...)``, optional
            Adds the dimension ``member``: 0 is nominal, then the draws.
        seed : int
            Of the draws, and of stochastic runs.
        replicates : int, optional
            With ``method="ssa"`` (exact stochastic simulation): number of runs, 1 if left out. Each
            has random numbers of its own; the same seed gives the same bytes.
        moments : bool
            With ``method="ssa"``: mean and standard deviation over the replicates instead of the
            runs; memory does not grow with their number.
        **options
            See :class:`Model`.

        Returns
        -------
        xarray.Dataset
            Dimension ``time``; ``status`` is 0 if all is well, otherwise values are NaN. Stochastic
            runs have the dimension ``replicate`` before it, or ``statistic`` ("mean", "sd").
        """
        return self._dataset(
            times=times, doses=doses, parameters=parameters, initial=initial, condition=condition,
            protocol=protocol, observables=observables, ensemble=ensemble, seed=seed,
            replicates=replicates, moments=moments, **options,
        )  # fmt: skip

    def sweep(
        self,
        axes: Mapping[str, Any],
        times: Any = None,
        *,
        readouts: Mapping[str, Readout | str] | Sequence[Readout | str] | None = None,
        observables: Sequence[str] | str | None = None,
        doses: Any = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        condition: Any = None,
        protocol: Any = None,
        ensemble: Any = None,
        seed: int = 0,
        **options: Any,
    ) -> xr.Dataset:
        """Run every combination of the values on some axes.

        Parameters
        ----------
        axes : mapping name -> values
            Ligands, inputs, parameters, doses or initial values; dimensions in this order.
        times : array, or end time
        readouts : mapping name -> readout, optional
            ``sp.peak("Ca_mito")`` or the text "peak(Ca_mito)"; trajectories are kept only if
            ``observables`` are asked for, or there are no readouts.
        observables, doses, parameters, initial, condition, protocol, ensemble, seed, **options
            As for :meth:`simulate`.

        Returns
        -------
        xarray.Dataset
            Dimensions: the axes (and ``time``); ``status`` along the axes.
        """
        if not axes:
            raise PlanError("a sweep needs at least one axis", fix="use simulate for a single run")
        return self._dataset(
            axes=axes, times=times, readouts=readouts, observables=observables, doses=doses,
            parameters=parameters, initial=initial, condition=condition, protocol=protocol,
            ensemble=ensemble, seed=seed, **options,
        )  # fmt: skip

    def dose_response(
        self,
        ligand: str,
        doses: Any = None,
        *,
        readout: Readout | str,
        times: Any = "24 h",
        with_doses: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        condition: Any = None,
        protocol: Any = None,
        ensemble: Any = None,
        seed: int = 0,
        **options: Any,
    ) -> DoseResponse:
        """Return points and fitted shape of one readout against the dose of one ligand.

        Parameters
        ----------
        ligand : str
            A ligand, or anything else that can be dosed (an input, a parameter, a species).
        doses : sequence, optional
            Positive doses; vehicle (dose 0) is added. For a ligand of the table, 41 doses from
            1e-2 to 1e4 x Ki by default.
        readout : Readout or str
        times : end time
        with_doses : mapping name -> level, optional
            Held together with the ligand, e.g. ``{"NE-100": "1 uM"}``.
        parameters, initial, condition, protocol, ensemble, seed, **options
            As for :meth:`simulate`. By default the model is brought to rest first.

        Returns
        -------
        DoseResponse
            ``.shape`` says what the curve is and carries EC50 and slope if it has them.
        """
        from sigmapath.analysis.dose_response import run_dose_response

        return run_dose_response(
            self._engine, ligand, doses, readout=readout, times=times, companions=with_doses,
            options=options, parameters=parameters, initial=initial, condition=condition,
            protocol=protocol, ensemble=ensemble, seed=seed,
        )  # fmt: skip

    def dose_experiment(
        self,
        ligand: str,
        *,
        companions: Mapping[str, Any] | None = None,
        doses: Sequence[Any] | None = None,
        readouts: Sequence[str] | None = None,
        condition: Any = None,
        ensemble: int = 0,
        seed: int = 0,
        progress: Any = None,
    ) -> DoseExperiment:
        """Dose a ligand in all arms of the model: what ``sigmapath dose`` does.

        Parameters
        ----------
        ligand : str
        companions : mapping name -> dose, optional
            Other ligands, held from t = 0 (uM if plain numbers).
        doses : sequence, optional
            Positive ascending doses; chosen from Ki and widened if left out.
        readouts : sequence of str, optional
            Ids of arms, or readouts as text (run without stress over 24 h); all arms by default.
        condition, ensemble, seed
            As for :meth:`simulate`.
        progress : callable (what, done, total), optional
        """
        from sigmapath.analysis.dose_experiment import REFERENCE_AGONIST, run_dose_experiment
        from sigmapath.pathways.dose_arms import choose_arms, read_arms
        from sigmapath.pathways.ligands import ligand_table

        table = ligand_table()
        arms = read_arms(self._dose_arms, where=f"arms of {self.id}")
        return run_dose_experiment(
            self._engine,
            table[ligand],
            choose_arms(arms, readouts, where=self.id),
            reference=table[REFERENCE_AGONIST],
            companions=companions,
            doses=doses,
            condition=condition,
            ensemble=ensemble,
            seed=seed,
            progress=progress,
        )

    def simulator(
        self,
        times: Any,
        *,
        observables: Sequence[str] | str | None = None,
        doses: Any = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        condition: Any = None,
        protocol: Any = None,
        **options: Any,
    ) -> Simulator:
        """Prepare an experiment once, to run it many times with other parameters.

        Returns
        -------
        Simulator
            ``.run(parameters)`` returns an array of shape (n_time, n_observable).
        """
        from sigmapath.simulate.simulator import Simulator

        plan = self._engine.plan(
            times=times, observables=observables, doses=doses, parameters=parameters,
            initial=initial, condition=condition, protocol=protocol,
        )  # fmt: skip
        return Simulator(self._engine, plan, **options)

    def steady_state(
        self,
        *,
        doses: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        condition: Any = None,
        observables: Sequence[str] | None = None,
        **options: Any,
    ) -> RestReport:
        """Find the steady state that the system comes to.

        Parameters
        ----------
        doses : mapping name -> level, optional
            Held.
        parameters, initial, condition
            As for :meth:`simulate`.
        observables : sequence of str, optional
            Reported besides the states.
        **options
            rtol, atol, backend.

        Returns
        -------
        RestReport
            Mapping id -> value, with the method that succeeded, the residual and the stability.
        """
        from sigmapath.experiment.protocol import equilibrate
        from sigmapath.simulate.rest import find_rest

        names = list(observables or self._engine.index.default_observables)
        plan = self._engine.plan(
            times=0.0,
            parameters=parameters,
            initial=initial,
            condition=condition,
            protocol=[equilibrate(doses=doses)],
            observables=list(dict.fromkeys([*self._engine.index.states, *names])),
        )
        return find_rest(self._engine, plan, **options)

    def run(self, *, progress: Any = None, **given: Any) -> RawResult:
        """Run an experiment and return raw arrays: what the command line uses.

        Parameters
        ----------
        **given
            Everything that :meth:`simulate` and :meth:`sweep` take; ``times`` may be a pair (end
            time, number of points).
        progress : callable (done, total), optional
        """
        return self._stages.run(given, progress=progress)

    def _dataset(self, **given: Any) -> xr.Dataset:
        return self._stages.dataset(given)

    @property
    def _engine(self) -> Engine:
        """What assays, evidence and explanations run on."""
        return self._stages.engine
