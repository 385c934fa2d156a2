"""Patch clamp over time: test pulses while a drug washes in and out.

Enters: a model with a membrane, a drug. Leaves: a Dataset of the current against time. The rig is
that of :mod:`sigmapath.assays.patch_rig`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import require, seconds
from sigmapath.assays.patch_rig import NEAR_HOLDING, Clamp, Rig, rig_of, voltage
from sigmapath.assays.replicates import FloatArray, summarised
from sigmapath.assays.study import Arm, Study, provenance_of
from sigmapath.experiment.protocol import Phase, phase
from sigmapath.record import record

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Pulses", "patch_wash"]

_WHERE = "patch wash"


@record
class Pulses:
    """Test pulses at an interval, before, during and after the drug.

    Parameters
    ----------
    test : voltage [mV]
    pulse, interval : time
        Length of a pulse, and from pulse to pulse.
    before, after : time
        Of the recording; control and washout.
    """

    test: Any = 0.0
    pulse: Any = "50 ms"
    interval: Any = "30 s"
    before: Any = "3 min"
    after: Any = "10 min"


def patch_wash(
    model: Any,
    study: Study,
    *,
    clamp: Clamp | None = None,
    pulses: Pulses | None = None,
    rundown_per_min: float = 0.005,
) -> xr.Dataset:
    """Give test pulses at an interval while a drug washes in and out of the bath.

    Parameters
    ----------
    model : Model
        ``s1r_cell``, where ligands reach S1R.
    study : Study
        Its doses are in the bath for ``until``; arms are refused, because each cell is compared
        with itself. The bath changes at once: exchange takes seconds, S1R minutes.
    clamp : Clamp, optional
    pulses : Pulses, optional
    rundown_per_min : float
        Loss of current that has nothing to do with the drug [1/min]. Assumed, 0 to 0.03.

    Returns
    -------
    xarray.Dataset
        Dimensions ``cell`` and ``time`` [min]. ``current`` [pA] (mean of the second half of each
        pulse, linear leak subtracted) and ``percent`` of the mean before the
        drug, each with ``_mean``, ``_sd`` and ``_sem``; ``drug`` says when it was in the bath.

    Raises
    ------
    PlanError, UnknownNameError
        As :func:`sigmapath.assays.patch_clamp`.
    """
    pulses = pulses or Pulses()
    rig = rig_of(model, study, clamp or Clamp(), where=_WHERE, incubation="1 s")
    train = _train_of(pulses, rig)
    require(0.0 <= rundown_per_min < 1.0, "the rundown", found=rundown_per_min,
            expected="0 or more, below 1 per min", where=_WHERE)  # fmt: skip
    require(study.arms is None, "a wash-in with arms", found="arms", expected="doses={...}",
            where=_WHERE)  # fmt: skip
    require(bool(study.doses), "a wash-in without a drug", found="no dose", expected="doses={...}",
            where=_WHERE)  # fmt: skip
    stream = study.stream()
    cells = rig.cells(stream)
    times = (rig.step_at + train.begins[:, None] + train.looks).ravel()
    potential = rig.potential(Arm(name="wash"), cells, times, train.phases(rig))
    potential = potential.reshape(study.n, len(train.begins), -1)
    exact = cells.conductance(2) * (train.commands(rig) - potential)
    at_rest, leak = exact[..., 0], exact[..., 1] - exact[..., 0]
    linear = at_rest + leak * (train.level - rig.holding) / NEAR_HOLDING
    left = np.exp(-rundown_per_min * train.begins / 60.0)
    current = rig.amplified(left * (exact[..., 2:].mean(axis=2) - linear), stream)
    provenance = provenance_of(
        rig.engine, "patch-wash", study, rig.clamp, pulses, rundown_per_min=rundown_per_min
    )
    return _dataset(train, current, provenance)


@record(eq=False)
class _Train:
    """The pulses in seconds from the first moment of the recording.

    ``begins`` and ``has_drug`` have the shape (n_pulse,), times of test pulses and whether the drug
    is in the bath.
    """

    level: float
    length: float
    gap: float
    begins: FloatArray
    has_drug: Any
    is_control: Any

    @property
    def small(self) -> float:
        """Length of the pulse of -10 mV, and of the pause behind it [s]."""
        return min(self.length, 0.2 * (self.gap - self.length), 0.05)

    @property
    def looks(self) -> FloatArray:
        """When the current is read, from the begin of a test pulse [s], shape (5,).

        Before the leak pulse, at its end, and three times in the second half of the test.
        """
        inside = self.length * np.array([0.5, 0.75, 0.999])
        return np.array([-2.1 * self.small, -1.001 * self.small, *inside])

    def commands(self, rig: Rig) -> FloatArray:
        """Command at each look [mV], shape (5,)."""
        return np.array([rig.holding, rig.holding + NEAR_HOLDING, *[self.level] * 3])

    def phases(self, rig: Rig) -> list[Phase]:
        """Once per interval: holding potential, leak pulse, pause, test pulse."""
        parts = (
            ("holding", self.gap - self.length - 2.0 * self.small, rig.holding),
            ("leak", self.small, rig.holding + NEAR_HOLDING),
            ("pause", self.small, rig.holding),
            ("test", self.length, self.level),
        )
        return [
            phase(
                span,
                doses=dict(rig.study.doses) if inside else None,
                parameters=rig.commanded(command),
                name=name,
            )
            for inside in self.has_drug
            for name, span, command in parts
        ]


def _train_of(pulses: Pulses, rig: Rig) -> _Train:
    """Work out when each pulse begins; raises PlanError if the recording makes no sense."""
    limit = rig.pipette.limit_mV
    voltage(rig.holding + NEAR_HOLDING, limit, _WHERE)
    level = voltage(pulses.test, limit, _WHERE)
    length = seconds(pulses.pulse, "the pulse", _WHERE)
    gap = seconds(pulses.interval, "the interval", _WHERE)
    control, drug, after = (
        seconds(span, "a part of the recording", _WHERE)
        for span in (pulses.before, rig.study.until, pulses.after)
    )
    require(length < gap, "the interval", found=pulses.interval,
            expected=f"more than {pulses.pulse}", where=_WHERE)  # fmt: skip
    count = int((control + drug + after) / gap)
    require(3 <= count <= 500, "the number of pulses", found=count, expected="3 to 500",
            where=_WHERE)  # fmt: skip
    begins: FloatArray = gap * np.arange(1.0, count + 1.0) - length
    is_control = begins < control
    require(is_control.any(), "the control", found=pulses.before,
            expected=f"longer than {pulses.interval}", where=_WHERE)  # fmt: skip
    return _Train(
        level=level, length=length, gap=gap, begins=begins, is_control=is_control,
        has_drug=(begins >= control) & (begins < control + drug),
    )  # fmt: skip


def _dataset(train: _Train, current: FloatArray, attrs: dict[str, Any]) -> xr.Dataset:
    import xarray as xr

    percent = 100.0 * current / current[:, train.is_control].mean(axis=1, keepdims=True)
    dims = ("cell", "time")
    in_pA = {"units": "pA", "long_name": "current"}
    in_percent = {"units": "%", "long_name": "current, % of control"}
    along = ("time", train.begins / 60.0, {"units": "min", "long_name": "time"})
    return xr.Dataset(
        {
            "drug": (("time",), np.asarray(train.has_drug, dtype=np.int8)),
            **summarised("current", dims, current, in_pA, over="cell"),
            **summarised("percent", dims, percent, in_percent, over="cell"),
        },
        coords={"cell": np.arange(len(current)), "time": along},
        attrs=attrs,
    )
