"""What lies where in the arrays of one worker, as named constants and one record.

Enters: nothing. Leaves: slot numbers and :class:`Work`. Every compiled function of this package
takes a ``Work`` and indexes its arrays by these names; :mod:`.workspace` makes the arrays.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sigmapath.kernels import KERNEL_NAMES

__all__ = ["RECORDS", "Chunk", "Equilibration", "Lanes", "Rest", "Work"]


class Work(NamedTuple):
    """All arrays of one worker; built inside compiled code, allocated by the caller.

    address     int64 (13,)           kernel addresses in the order of KERNEL_NAMES
    size        int64 (N_SIZE,)       slots N .. below; read only
    program     int64                 elimination program of W, see linalg.symbolic; read only
    event       int64 (n_event, 7)    static event table, columns EV_* below; read only
    target      int64 (n_assign, 3)   is it a state?, index, factor or -1; read only
    tune        float64 (N_TUNE,)     tolerances and limits; read only
    vec         float64 (N_ROW, n)    rows of state length
    jac, lu     float64               values of J, of L and U
    p           float64 (n_p,)        parameters of the run
    q           float64 (n_start,)    start values of the run
    obs         float64 (N_OBS, m)    observables at sample points
    root        float64 (N_ROOT_ROW, n_root)  root functions at sample points, watched ones first
    clock       float64 (N_CLOCK,)    clock[0] is the time handed to kernels
    flag        int64 (N_FLAG,)       switches of the run
    stat        int64 (len(STAT_NAMES),) counters of the run
    memory      int64 (n_event,)      the trigger's last value
    queue       int64 (N_QUEUE, 2)    pending events: which, serial number
    due         float64 (N_QUEUE, 1 + n_assign)  pending events: due time, stored values
    scratch     float64 (4, max(n_event, n_assign)) triggers, delays, priorities, new values
    part        int64 (N_PART,)       addresses of separately compiled parts, slots PART_*
    history     float64 (n_stretch, 2 + 5 n_lag)  delayed quantities so far, see .history
    lag         float64 (N_LAG_ROW, n_lag)  lags and delayed quantities, rows LAG_*
    codes       int64 (n_reducer, 2)  reducer table: op, output; of the batch
    window      float64 (n_reducer, 3) after, until, level; of the batch
    edges       float64               ascending window edges; of the batch
    readout     float64 (n_reducer, 3) memory of the reducers
    table       int64                 addresses and shapes of all of the above
    """

    address: Any
    size: Any
    program: Any
    event: Any
    target: Any
    tune: Any
    vec: Any
    jac: Any
    lu: Any
    p: Any
    q: Any
    obs: Any
    root: Any
    clock: Any
    flag: Any
    stat: Any
    memory: Any
    queue: Any
    due: Any
    scratch: Any
    part: Any
    history: Any
    lag: Any
    codes: Any
    window: Any
    edges: Any
    readout: Any
    table: Any


class Chunk(NamedTuple):
    """What is to be run and where the results go; shapes are those of :mod:`.batch`.

    work             int64                    address table of the worker
    times            float64 (n_time,)        output grid
    t_end            float64 (1,)
    jump_times       float64 (n_jump,)
    jumps            int64 (n_jump, 3)        op, index, scale
    starts           float64 (n_run, n_start)
    values           float64 (n_run, n_jump)  of the jumps
    rest_states      float64 (n_run, 3, n)    y, infusions, holds after equilibration; or no rows
    rest_parameters  float64 (n_run, n_p)
    trajectories     float64 (n_run, n_time, n_output), or one run's room, written again and again
    reduced          float64 (n_run, n_reducer)
    final            float64 (n_run, n)
    outcome          int64 (n_run, 2)         status, method used
    stats            int64 (n_run, len(STAT_NAMES))
    t_stop           float64 (n_run,)
    stop_flag        int64 (1,)
    order            int64 (n_run,)           runs in the order in which they are begun
    queue            int64 (1,)               how many have been begun, see :mod:`.queue`
    ended            int64 (1,)               counts runs that have ended
    """

    work: Any
    times: Any
    t_end: Any
    jump_times: Any
    jumps: Any
    starts: Any
    values: Any
    rest_states: Any
    rest_parameters: Any
    trajectories: Any
    reduced: Any
    final: Any
    outcome: Any
    stats: Any
    t_stop: Any
    stop_flag: Any
    order: Any
    queue: Any
    ended: Any


class Rest(NamedTuple):
    """Arrays of one search for a steady state.

    vec         float64 (15, n_state)       rows named in :mod:`.rest`
    matrix      float64 (n_state, n_state)  scaled matrix, then its factors
    moieties    float64 (n_moiety, n_state) each row times y is conserved; read only
    reduced     float64 (n_moiety + n_state, n_state) moieties that hold in this run, reduced,
                pivots one; then the sums that a singular Newton matrix conserves
    totals      float64 (n_moiety + n_state,) their totals
    moiety_of   int64 (n_state,)            row of ``reduced`` replacing this equation, or -1
    order       int64 (3, n_state)          row and column order of the factors, scratch
    trigger     float64 (2, n_event)        event triggers before and after
    limit       float64 (3,)                tolerance, reach of the first Newton search, steps; read
                only
    result      float64 (8,)                slots R_METHOD .. R_SADDLE of :mod:`.rest`
    native      int64 (3,)                  addresses of parts of the search; read only
    work        int64                       address table of the worker
    table       int64                       addresses and shapes of all of the above
    """

    vec: Any
    matrix: Any
    moieties: Any
    reduced: Any
    totals: Any
    moiety_of: Any
    order: Any
    trigger: Any
    limit: Any
    result: Any
    native: Any
    work: Any
    table: Any


class Equilibration(NamedTuple):
    """Runs to be brought to rest before their clocks start, and what each has there.

    work, rest       int64                    address tables of the worker and of its search
    jumps            int64 (n_jump, 3)        op, index, scale of the changes that hold meanwhile
    starts           float64 (n_run, n_start)
    values           float64 (n_run, n_jump)
    states           float64 (n_run, 3, n)    y, infusions, holds
    parameters       float64 (n_run, n_p)
    status           int64 (n_run,)
    residual         float64 (n_run,)
    stop_flag        int64 (1,)
    """

    work: Any
    rest: Any
    jumps: Any
    starts: Any
    values: Any
    states: Any
    parameters: Any
    status: Any
    residual: Any
    stop_flag: Any


class Lanes(NamedTuple):
    """Arrays of one worker that runs several lanes in step; the last index is the lane's.

    size      int64 (N_LANE_SIZE,)    slots in :mod:`.lanes.slots`
    call      int64 (N_LANE_CALL,)    addresses of kernels and parts for lanes, slots there
    home      int64 (width,)          address table of each lane's own scalar worker
    row       float64 (N_LANE_ROW, n, width)  rows of state length
    stage     float64 (n, 8, width)   increments of the stages, state by state
    level     float64 (3, n)          atol, lowest value, undershoot that is refused
    jac_row   int64 (n_jac,)          row of each Jacobian value
    jac, lu   float64 (n_jac, width), (n_lu, width)
    p         float64 (n_p, width)
    obs       float64 (6, n_output, width)    observables: five samples, the output grid
    root      float64 (6, n_root, width)      root functions, rows in :mod:`.lanes.slots`
    time      float64 (N_LANE_TIME, width)    clocks, slots there
    count     int64 (N_LANE_COUNT, width)     run and counters, slots there
    tune      float64 (2,)            rtol, 1 / n
    plain     int64 (n_wide,)         state of each observable, where all are states; or empty.
              n_wide is their number, up to whole vectors
    floor     float64 (n_wide,)       lowest values of these
    turned    float64 (width, 5, n_wide)  dense output of these, lane by lane
    """

    size: Any
    call: Any
    home: Any
    row: Any
    stage: Any
    level: Any
    jac_row: Any
    jac: Any
    lu: Any
    p: Any
    obs: Any
    root: Any
    time: Any
    count: Any
    tune: Any
    plain: Any
    floor: Any
    turned: Any


def _kinds(fields: tuple[str, ...], kinds: str) -> dict[str, str]:
    return dict(zip(fields, kinds.split(), strict=True))


# Element (integer or float) and dimension of every field that compiled code sees.
RECORDS = {
    Work: _kinds(
        Work._fields[:-1],
        "i1 i1 i1 i2 i2 f1 f2 f1 f1 f1 f1 f2 f2 f1 i1 i1 i1 i2 f2 f2 i1 f2 f2 i2 f2 f1 f2",
    ),
    Rest: _kinds(Rest._fields[:-1], "f2 f2 f2 f2 f1 i1 i2 f2 f1 f1 i1 i1"),
    Equilibration: _kinds(Equilibration._fields, "i1 i1 i2 f2 f2 f3 f2 i1 f1 i1"),
    Lanes: _kinds(Lanes._fields, "i1 i1 i1 f3 f3 f2 i1 f2 f2 f2 f3 f3 f2 i2 f1 i1 f1 f3"),
    Chunk: _kinds(Chunk._fields, "i1 f1 f1 f1 i2 f2 f2 f3 f2 f3 f2 f2 i2 i2 f1 i1 i1 i1 i1"),
}


# Kernel addresses.
(
    A_INITIAL,
    A_DERIVE,
    A_RHS,
    A_JAC,
    A_DFDT,
    A_OUTPUTS,
    A_ROOTS,
    A_TRIGGERS,
    A_DELAYS,
    A_PRIORITIES,
    A_ASSIGN,
    A_LAGS,
    A_LAGGED,
    A_PAST,
) = range(len(KERNEL_NAMES))

# Work.size. N_ROOT: root functions to be watched; N_TIMED: those behind them, moved by time alone.
(
    N,
    N_PARAM,
    N_P,
    N_OUTPUT,
    N_ROOT,
    N_EVENT,
    N_ASSIGN,
    HAS_CLAMP,
    REQUESTED_METHOD,
    TIE_SEED,
    HAS_FACTOR,
    HAS_ALGEBRAIC,
    HAS_FAST,
    SLOW_SHARE,
    MUST_SETTLE,
    N_LAG,
    STIFF_METHOD,
    MAX_ORDER,
    N_TIMED,
    N_SIZE,
) = range(20)

# Work.tune
RTOL, MAX_STEP, FIRST_STEP, MAX_STEPS, FIXED_STEP, EXPLICIT_REACH, N_TUNE = range(7)

# Work.clock: time for kernels, ends of the last step, next step size, last error norm, and the
# time up to which the reducers have seen the run, end of the run, left end of the step under way.
NOW, T_LEFT, T_RIGHT, H_NEXT, ERROR_LAST, T_SEEN, T_END, T_MARK = range(8)
# Of the multistep method: step size in which its polynomial is written, shift of the factors, rate
# of Newton's method, a constant of the step before; error constants of the step under way; the
# corrector polynomial, places 0 to 5; earlier step sizes, places 1 to 7.
BDF_H, BDF_SHIFT, BDF_RATE, BDF_SCALE_BEFORE = range(8, 12)
BDF_TEST, BDF_TEST_LOWER, BDF_TEST_HIGHER, BDF_SCALE = range(12, 16)
BDF_L, BDF_PAST = 16, 22
# Next time at which a root function that time alone moves has another sign.
T_SWITCH, N_CLOCK = 30, 31
BDF_MOST_ORDER = 5

# Work.flag
(
    METHOD,
    FORCED,
    HAS_HELD,
    MASKED,
    JAC_IS_FRESH,
    DENSE_IS_FRESH,
    USED_METHOD,
    STIFF_HITS,
    N_PENDING,
    SERIAL,
    CHATTER,
    NEXT_JUMP,
    NEXT_TIME,
    NEXT_EDGE,
    N_STRETCH,
    BDF_ORDER,
    BDF_NEXT_ORDER,
    BDF_WAIT,
    BDF_AGE,
    TIMES_AT,
    N_TIMES,
    ROWS_AT,
    N_FLAG,
) = range(23)

# Work.stat, in the order of status.STAT_NAMES
S_STEPS, S_REJECTED, S_RHS, S_JAC, S_FACTOR, S_SOLVE, S_EVENTS = range(7)

# Methods as the compiled loop knows them.
RODAS5P, TSIT5, BDF, AUTO = range(4)
# Work.flag[BDF_ORDER] while one-step steps start the multistep method: none yet, or enough of them.
BDF_STARTING, BDF_STARTED = 0, -1

# Work.part; the step of a one-step method stands at its code. The step, FACTOR and SOLVE may be a
# model's own; those for all models, and the solver of full rows, stand behind. The multistep method
# takes whole steps and has a place of its own. Address 0 where a model has no use for it.
PART_READOUTS, PART_FACTOR, PART_SOLVE, PART_DRIVE = 2, 3, 4, 5
PART_TABLE_FACTOR, PART_TABLE_STEP, PART_TAIL = 6, 7, 8
PART_CONSISTENT, PART_DELAYS, PART_BDF = 9, 10, 11
# Only of a model's own: dense output of a step of Rodas5P, the output grid within a step, and all
# states at one time within it.
PART_DENSE, PART_GRID, PART_INSIDE, N_PART = 12, 13, 14, 15

# What the part for delays does: write p, remember the last step, mark the left end, bound the step.
WRITE_DELAYED, REMEMBER_STEP, MARK_LEFT, LONGEST_STEP = 0.0, 1.0, 2.0, 3.0

# Work.lag
LAG_NOW, LAG_VALUE, LAG_PAST, LAG_MARK, LAG_TRIAL, LAG_BEFORE, N_LAG_ROW = range(7)

# Work.event columns
EV_FIRST, EV_LAST, EV_INITIAL, EV_PERSISTENT, EV_AT_TRIGGER, EV_DELAY, EV_PRIORITY, N_EV = range(8)

# Work.queue: most events that may wait for their delay at one time.
N_QUEUE = 256

# Work.obs: five sample points of a segment, a trial point.
OBS_TRIAL, N_OBS = 5, 6

# Work.root: left end and four samples of a step, a trial point.
ROOT_LEFT, ROOT_AT, N_ROOT_ROW = 0, 5, 6

# A vertex of a root function is looked at if it is that near to zero, as a share of the sample
# beside it.
NEAR_ROOT = 0.5

# Work.vec
N_STAGE = 8
(
    ATOL,
    MASS,
    CLAMP,
    FORCING,
    HELD,
    MASK,
    Y,
    Y_NEW,
    RATE,
    RATE_NEW,
    TIME_RATE,
    STAGE,
    RIGHT,
    SCRATCH,
    DELTA,
    DENSE_1,
    DENSE_2,
    DENSE_3,
    Y_AT,
    LAG_Y,
    K,
) = range(21)
N_ROW = K + N_STAGE
