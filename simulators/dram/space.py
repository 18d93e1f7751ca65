"""The knobs of the memory controller, and the three spaces made of them."""

from __future__ import annotations

import numpy as np

from archgym.errors import UnknownNameError
from archgym.space import Parameter, Value, categorical, ordinal, powers_of_two
from archgym.space import Designs, DesignSpace

from . import layout

COUNTS = tuple(range(1, 129))

# One row a knob, in the order of layout.PAGE_POLICY … layout.MAPPING.
KNOBS: tuple[Parameter, ...] = (
    categorical(
        "page_policy",
        ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive"),
        "when a row is closed after an access",
    ),
    categorical(
        "scheduler",
        ("Fifo", "FrFcfs", "FrFcfsGrp"),
        "order within a bank: oldest first, row hits first, hits grouped by direction",
    ),
    categorical(
        "scheduler_buffer",
        ("Bankwise", "ReadWrite", "Shared"),
        "how request_buffer_size is counted",
    ),
    ordinal(
        "request_buffer_size",
        tuple(range(1, 9)),
        "entries of (each part of) the request buffer",
        "requests",
    ),
    categorical(
        "response_queue", ("Fifo", "Reorder"), "responses as data arrives, or in request order"
    ),
    categorical(
        "refresh_policy",
        ("NoRefresh", "AllBank"),
        "no refresh loses data in a real device: a bound, not a choice",
    ),
    ordinal("refresh_max_postponed", tuple(range(9)), "refreshes a busy rank may owe", "refreshes"),
    ordinal(
        "refresh_max_pulled_in", tuple(range(9)), "refreshes an idle rank may do ahead", "refreshes"
    ),
    categorical(
        "power_down_policy",
        ("NoPowerDown", "Staggered"),
        "enter power-down and self-refresh when idle",
    ),
    categorical(
        "arbiter",
        ("Simple", "Fifo", "Reorder"),
        "queueing before the controller; Reorder returns responses in order",
    ),
    ordinal(
        "max_active_transactions",
        COUNTS,
        "requests outstanding behind the Fifo or Reorder arbiter",
        "requests",
        "log",
    ),
    categorical(
        "address_mapping",
        ("row-bank-column", "bank-group-interleaved"),
        "which address bits choose the bank",
    ),
)

_COUNTERS = {"refresh_max_postponed": range(1, 9), "refresh_max_pulled_in": range(1, 9)}
_NARROWED: dict[str, dict[str, object]] = {
    "full": {},
    "archgym-wide": {
        **_COUNTERS,
        "power_down_policy": ("NoPowerDown",),
        "address_mapping": ("row-bank-column",),
    },
    "archgym": {
        **_COUNTERS,
        "power_down_policy": ("NoPowerDown",),
        "address_mapping": ("row-bank-column",),
        "max_active_transactions": powers_of_two(1, 128),
    },
}
SPACES = tuple(_NARROWED)

DEFAULT_DESIGN: dict[str, Value] = {
    "page_policy": "Open",
    "scheduler": "FrFcfs",
    "scheduler_buffer": "Bankwise",
    "request_buffer_size": 8,
    "response_queue": "Fifo",
    "refresh_policy": "AllBank",
    "refresh_max_postponed": 8,
    "refresh_max_pulled_in": 8,
    "power_down_policy": "NoPowerDown",
    "arbiter": "Simple",
    "max_active_transactions": 128,
    "address_mapping": "row-bank-column",
}


def space_named(name: str) -> DesignSpace:
    """A space by name.

    Args:
        name: ``archgym`` (1,769,472 designs), ``archgym-wide`` (28,311,552) or ``full``.

    Returns:
        The space.

    Raises:
        UnknownNameError: no such space.
    """
    if name not in _NARROWED:
        raise UnknownNameError("DRAM design space", name, SPACES)
    return DesignSpace(KNOBS).narrowed(_NARROWED[name])  # type: ignore[arg-type]


def kernel_codes(space: DesignSpace) -> list[np.ndarray]:
    """The numbers that the kernel expects for values.

    Args:
        space: one of these.

    Returns:
        For each parameter, the code by value index.
    """
    tables = []
    for column, parameter in enumerate(space.parameters):
        whole = KNOBS[column]
        if whole.kind == "categorical":
            codes = [whole.index(v) for v in parameter.values]
        else:
            codes = [int(v) for v in parameter.values]
        tables.append(np.array(codes, np.int64))
    return tables


def to_kernel(x: Designs, tables: list[np.ndarray]) -> Designs:
    """Designs as rows of kernel codes.

    Args:
        x: designs (n, 12).
        tables: what :func:`kernel_codes` gave.

    Returns:
        Codes (n, 12).
    """
    return np.stack([table[x[:, i]] for i, table in enumerate(tables)], axis=1)


def canonical(x: Designs, space: DesignSpace, reads_only: bool = False) -> Designs:
    """Fix the knobs that cannot matter to their first value.

    The Simple arbiter ignores max_active_transactions. Without refresh its counters are idle. A buffer of
    one entry never holds two requests to choose between, so every scheduler is Fifo. On a trace without
    writes there is one direction: FrFcfsGrp groups nothing that FrFcfs does not, and of ReadWrite's two
    halves the reads' alone counts, as in Shared.

    Args:
        x: designs (n, 12).
        space: whose indices they are.
        reads_only: the trace holds no write.

    Returns:
        Designs (n, 12).
    """
    out = x.copy()
    values = [np.array(p.values, dtype=object) for p in space.parameters]

    def is_(column: int, value: object) -> np.ndarray:
        return np.asarray(values[column][out[:, column]] == value, np.bool_)

    simple = is_(layout.ARBITER, "Simple")
    out[simple, layout.MAX_ACTIVE] = 0
    idle = is_(layout.REFRESH, "NoRefresh")
    out[idle, layout.MAX_POSTPONED] = 0
    out[idle, layout.MAX_PULLED_IN] = 0
    single = is_(layout.BUFFER_SIZE, 1)
    out[single, layout.SCHEDULER] = 0
    if reads_only:
        for column, this, other in (
            (layout.SCHEDULER, "FrFcfsGrp", "FrFcfs"),
            (layout.BUFFER, "Shared", "ReadWrite"),
        ):
            if other in space.parameters[column].values:
                out[is_(column, this), column] = space.parameters[column].index(other)
    return out
