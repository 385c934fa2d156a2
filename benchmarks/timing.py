"""Timing in interleaved rounds: A B A B, so that whatever disturbs the machine meets both.

Enters: functions to be timed. Leaves: seconds per call, round by round.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping

__all__ = ["CLOCKS", "interleaved", "repeats_for"]

# Wall is what a user waits for; CPU time of this thread is steadier on a busy machine.
CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.thread_time}
# A sample shorter than this is mostly noise of the clock and of interrupts [s].
_SHORTEST_SAMPLE = 5e-3


def repeats_for(call: Callable[[], object], clock: Callable[[], float]) -> int:
    """Calls per sample, so that one sample lasts 5 ms or more; warms the call up."""
    call()
    start = clock()
    call()
    once = max(clock() - start, 1e-7)
    return max(1, round(_SHORTEST_SAMPLE / once))


def interleaved(
    calls: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    seconds: float = float("inf"),
    clock: str = "wall",
) -> dict[str, list[float]]:
    """Seconds per call of each function, one sample per round and function.

    Parameters
    ----------
    calls : mapping name -> function
        Called in this order in every round.
    rounds : int
    seconds : float
        No new round begins after this long; there is always one.
    clock : str
        "wall" or "cpu".
    """
    now = CLOCKS[clock]
    repeats = {name: repeats_for(call, now) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    begun = time.perf_counter()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            if number and time.perf_counter() - begun > seconds:
                break
            for name, call in calls.items():
                n = repeats[name]
                start = now()
                for _ in range(n):
                    call()
                samples[name].append((now() - start) / n)
    finally:
        if was_enabled:
            gc.enable()
    return samples
