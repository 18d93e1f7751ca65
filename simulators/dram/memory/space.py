"""The knobs of a memory: organisation, controller and address mapping, by family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.space import (
    Columns,
    Constraint,
    Designs,
    DesignSpace,
    Parameter,
    Value,
    categorical,
    ordinal,
    powers_of_two,
)

from ..modern.design import (
    ARBITERS,
    BUFFERS,
    MAX_BUFFER,
    PAGE_POLICIES,
    POWER_DOWN,
    RESPONSE_QUEUES,
    SCHEDULERS,
)
from .families import Family
from .organisations import Held, organisation_knobs, organisation_rules

WATERMARKED = "GrpFrFcfsWm"


def controller_knobs(family: Family, request_bytes: int) -> list[Parameter]:
    """What every channel's controller does, as far as requests of this size allow on some width.

    Args:
        family: of the devices.
        request_bytes: bytes of every request.

    Returns:
        The knobs in order.
    """
    standard = family.device.standard
    fewest = min(_bursts(family, width, request_bytes) for width in family.widths)
    sizes = powers_of_two(fewest, MAX_BUFFER)
    queues = RESPONSE_QUEUES if fewest == 1 else RESPONSE_QUEUES[:1]
    fine = [1, *(n for n in (2, 4) if f"RFC{n}" in family.device.t)]
    down = POWER_DOWN if standard.power_down else POWER_DOWN[:1]
    return [
        categorical("page_policy", PAGE_POLICIES, "when a row is closed after an access"),
        categorical(
            "scheduler",
            SCHEDULERS,
            "oldest, row hits, hits by direction, directions first, the latter by watermarks",
        ),
        ordinal("low_watermark", (1, 2, 4, 8, 16), "writes at which draining ends", scale="log"),
        ordinal("high_watermark", (2, 4, 8, 16, 32), "writes at which it begins", scale="log"),
        categorical("scheduler_buffer", BUFFERS, "how request_buffer_size is counted"),
        ordinal("request_buffer_size", sizes, "entries", "bursts", "log"),
        categorical("response_queue", queues, "responses as data arrives, or in request order"),
        categorical("refresh_policy", tuple(standard.refresh), "what a refresh command refreshes"),
        ordinal("fine_granularity", fine, "shorter all-bank refreshes, more often", scale="log"),
        ordinal("refresh_max_postponed", (0, 1, 2, 4, 8), "refreshes a busy rank may owe"),
        ordinal("refresh_max_pulled_in", (0, 1, 2, 4, 8), "refreshes an idle rank may do ahead"),
        categorical("power_down_policy", down, "enter power-down and self-refresh when idle"),
        categorical("arbiter", ARBITERS, "queueing before the controllers"),
        ordinal(
            "max_active_transactions",
            powers_of_two(1, 128),
            "requests outstanding behind the Fifo or Reorder arbiter",
            "requests",
            "log",
        ),
    ]


def memory_space(
    family: Family,
    mapping: Sequence[Parameter],
    request_bytes: int,
    held: Held,
) -> DesignSpace:
    """The space of a family.

    Args:
        family: what is built.
        mapping: the knobs of the address mapping.
        request_bytes: of every request.
        held: what every design has.

    Returns:
        The space with its constraints.
    """
    controller = controller_knobs(family, request_bytes)
    organisation = organisation_knobs(family, held)
    controller = controller_knobs(family, request_bytes)
    rules = (
        Constraint("watermarks", _ordered, "low_watermark is not below high_watermark"),
        *_splitting(family, request_bytes),
        *organisation_rules(family, held),
    )
    return DesignSpace([*organisation, *controller, *mapping], rules)


def _bursts(family: Family, width: int, request_bytes: int) -> int:
    """Bursts of a request."""
    return request_bytes // family.built(family.bins[0], width).burst_bytes


def _splitting(family: Family, request_bytes: int) -> list[Constraint]:
    """What designs with several bursts a request cannot do."""

    def bursts(columns: Columns) -> NDArray[np.int64]:
        table = {w: _bursts(family, w, request_bytes) for w in family.widths}
        return np.array([table[int(w)] for w in columns["channel_width"]], np.int64)

    def fits(columns: Columns) -> NDArray[np.bool_]:
        return np.asarray(columns["request_buffer_size"].astype(np.int64) >= bursts(columns))

    def whole(columns: Columns) -> NDArray[np.bool_]:
        return np.asarray((columns["response_queue"] == "Fifo") | (bursts(columns) == 1))

    text = f"requests of {request_bytes} bytes are more bursts than request_buffer_size holds"
    lost = "response_queue Reorder loses bursts of requests longer than one burst"
    return [Constraint("splitting", fits, text), Constraint("response queue", whole, lost)]


def _ordered(columns: Columns) -> NDArray[np.bool_]:
    low, high = (columns[k].astype(np.int64) for k in ("low_watermark", "high_watermark"))
    return np.asarray(low < high)


def default_controller(family: Family) -> dict[str, Value]:
    """The controller of DRAMSys' examples, behind an arbiter that lets requests queue.

    Args:
        family: of the devices.

    Returns:
        Values by knob.
    """
    return {
        "page_policy": "Open",
        "scheduler": "FrFcfs",
        "low_watermark": 1,
        "high_watermark": 2,
        "scheduler_buffer": "Bankwise",
        "request_buffer_size": 8,
        "response_queue": "Fifo",
        "refresh_policy": "AllBank",
        "fine_granularity": 1,
        "refresh_max_postponed": 0,
        "refresh_max_pulled_in": 0,
        "power_down_policy": "NoPowerDown",
        "arbiter": "Fifo",
        "max_active_transactions": 128,
    }


def canonical(x: Designs, space: DesignSpace, reads_only: bool) -> Designs:
    """Knobs that cannot matter, at their first value.

    Watermarks belong to one scheduler. The Simple arbiter ignores max_active_transactions. Refreshes of
    single banks have no granularity. A buffer of one entry leaves nothing to choose. On a trace without
    writes there is one direction.

    Args:
        x: valid designs (n, d).
        space: whose indices they are.
        reads_only: the trace holds no write.

    Returns:
        Designs (n, d).
    """
    out = x.copy()
    at = {name: i for i, name in enumerate(space.names)}
    known = {p.name: p for p in space.parameters}

    def is_(name: str, value: Any) -> NDArray[np.bool_]:
        p = known[name]
        if value not in p.values:
            return np.zeros(len(out), np.bool_)
        return np.asarray(out[:, at[name]] == p.index(value))

    def put(rows: NDArray[np.bool_], name: str, value: Any) -> None:
        if value in known[name].values:
            out[rows, at[name]] = known[name].index(value)

    if reads_only:
        put(is_("scheduler", "FrFcfsGrp"), "scheduler", "FrFcfs")
        put(is_("scheduler_buffer", "Shared"), "scheduler_buffer", "ReadWrite")
    single = is_("request_buffer_size", 1)
    put(single & (is_("scheduler", "FrFcfs") | is_("scheduler", "FrFcfsGrp")), "scheduler", "Fifo")
    free = ~is_("scheduler", WATERMARKED)
    low, high = known["low_watermark"].values[0], known["high_watermark"].values[0]
    if isinstance(low, int) and isinstance(high, int) and low < high:
        out[free, at["low_watermark"]] = 0
        out[free, at["high_watermark"]] = 0
    out[is_("arbiter", "Simple"), at["max_active_transactions"]] = 0
    out[~is_("refresh_policy", "AllBank"), at["fine_granularity"]] = 0
    return out
