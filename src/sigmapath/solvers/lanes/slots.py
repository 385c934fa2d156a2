"""What lies where in the arrays of :class:`sigmapath.solvers.layout.Lanes`, as named constants.

Enters: nothing. Leaves: slot numbers. Used by everything in this package.
"""

from __future__ import annotations

# Lanes.size: states, outputs, root functions, Jacobian values, lanes, whether anything is held or
# infused in any lane, address and number of the output times.
N_STATE, N_OUT, N_ROOT, N_JAC, WIDTH, HAS_CHANGES, TIMES_AT, N_TIMES, N_LANE_SIZE = range(9)

# Lanes.call: kernels for lanes, LU of the model, parts that serve every model; a small model's own
# stage, or 0.
(
    CALL_RHS,
    CALL_JAC,
    CALL_DFDT,
    CALL_OUTPUTS,
    CALL_ROOTS,
    CALL_FACTOR,
    CALL_SOLVE,
    CALL_STEP,
    CALL_DENSE,
    CALL_SAMPLE,
    CALL_COMMIT,
    CALL_SPREAD_OUTPUTS,
    CALL_POINTS,
    CALL_WATCH,
    CALL_TURN,
    CALL_PLAIN,
    CALL_STAGE,
    N_LANE_CALL,
) = range(18)

# Lanes.row. X: where a stage is evaluated; ADDED: what earlier stages add to its rates, times h;
# RIGHT: right-hand side of its linear system.
(
    Y,
    Y_NEW,
    RATE,
    TIME_RATE,
    X,
    RIGHT,
    SCRATCH,
    DELTA,
    DENSE_1,
    DENSE_2,
    DENSE_3,
    Y_AT,
    FORCING,
    MASK,
    ADDED,
    N_LANE_ROW,
) = range(16)

# Lanes.level
ATOL, LOWEST, REFUSED = range(3)

# Lanes.obs: samples of a segment come first.
OBS_GRID, N_OBS = 5, 6

# Lanes.root: left end of the step, four samples, left end again for those who look back.
ROOT_LEFT, ROOT_BEFORE, N_ROOT_ROW = 0, 5, 6

# Lanes.time. NOW: time handed to kernels; H: step to try; ERROR: its norm, -1 where singular;
# T_STOP: how far to integrate, T_ARRIVE: the stop that is reached then, see switches.reach;
# POWER: ERROR^(-1/5); UNDER: 1 where a promised state undershoots; THETA: place within the step;
# TAKEN: 1 where the step is accepted; T_NEW: where it ends, RIGHT_END: where it would have; SEEN:
# what the reducers have seen, SEGMENT_END: what they are to see next; SUSPECT: 1 where a root
# function may have changed its sign; PER_H: 1/h; SHARE: what a stage takes of df/dt.
(
    NOW,
    T,
    H,
    ERROR,
    POWER,
    UNDER,
    THETA,
    TAKEN,
    H_NEXT,
    T_STOP,
    T_NEW,
    RIGHT_END,
    SEEN,
    SEGMENT_END,
    SUSPECT,
    T_ARRIVE,
    PER_H,
    SHARE,
    N_LANE_TIME,
) = range(19)

# Lanes.count. RUN: -1 where idle; CHUNK: address of the table of its chunk; FAILURE: status if the
# step cannot shrink any more; ARRIVES: 1 where the step ends at a breakpoint, 2 at a root; WANTED:
# samples of the segment, see .dense; ROWS_AT: address of the run's rows of results.
(
    RUN,
    CHUNK,
    STEPS,
    REJECTED,
    WAS_REJECTED,
    FAILURE,
    NEXT_TIME,
    ARRIVES,
    WANTED,
    ROWS_AT,
    N_LANE_COUNT,
) = range(11)
