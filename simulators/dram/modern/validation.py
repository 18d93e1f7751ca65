"""``archgym validate dram`` on a file of modern memories: devices, configurations, traces and rows.

The traces are read as ``DIR/<device>/<trace>.stl`` or ``DIR/<device>-<trace>.stl``; address mappings
come from the file.  Total cycles, mean latency, command counts, cycles in power states (all that the closed forms of
energy read) and core energy are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


from archgym.errors import UnknownNameError, WorkloadError

from ..traces import Trace, resolve
from .design import Design
from .devices import MODERN_DEVICES
from .layout import (
    C_BANK_ACT, C_CYC_ACT, C_CYC_PDNA, C_CYC_PDNP, C_CYC_PRE, C_CYC_SREF, C_PRE,
)  # fmt: skip
from .mappings import Bits
from .run import Run, run
from .standards import ModernDevice

COUNTED = {
    "act": ("ACT",), "rd": ("RD",), "wr": ("WR",), "rda": ("RDA",), "wra": ("WRA",),
    "n_prepb": ("PREPB",), "n_preab": ("PREAB",), "n_presb": ("PRESB",), "n_refab": ("REFAB",),
    "n_refpb": ("REFPB",), "n_refp2b": ("REFP2B",), "n_refsb": ("REFSB",),
    "n_rfm": ("RFMAB", "RFMSB"), "n_pda": ("PDEA",), "n_pdp": ("PDEP",), "n_sr": ("SREFEN",),
}  # fmt: skip
RESIDENCIES = {
    "pre": C_PRE, "cyc_act": C_CYC_ACT, "cyc_pre": C_CYC_PRE, "cyc_pdna": C_CYC_PDNA,
    "cyc_pdnp": C_CYC_PDNP, "cyc_sref": C_CYC_SREF, "bank_act_cycles": C_BANK_ACT,
}  # fmt: skip
COLUMNS = {
    "PagePolicy": "page_policy", "Scheduler": "scheduler", "SchedulerBuffer": "scheduler_buffer",
    "RequestBufferSize": "request_buffer_size", "RespQueue": "response_queue",
    "RefreshPolicy": "refresh_policy", "RefreshMaxPostponed": "refresh_max_postponed",
    "RefreshMaxPulledin": "refresh_max_pulled_in", "PowerDownPolicy": "power_down_policy",
    "Arbiter": "arbiter", "MaxActiveTransactions": "max_active_transactions",
    "LowWatermark": "low_watermark", "HighWatermark": "high_watermark",
    "RefreshManagement": "refresh_management", "CmdMux": "command_mux",
}  # fmt: skip
FIELDS = {
    "channel": ("CHANNEL_BIT",), "rank": ("RANK_BIT", "PSEUDOCHANNEL_BIT"),
    "stack": ("STACK_BIT",), "group": ("BANKGROUP_BIT",), "bank": ("BANK_BIT",),
    "row": ("ROW_BIT",), "column": ("COLUMN_BIT", "BURST_BIT", "BYTE_BIT"),
}  # fmt: skip
# one quantity of one row: device, quantity, (trace, config), mine, the reference's
Value = tuple[str, str, tuple[str, int], float, float]


def is_modern(data: Mapping[str, Any]) -> bool:
    """Whether a reference file is of this form.

    Args:
        data: what the file holds.

    Returns:
        True where it lists devices by name.
    """
    return isinstance(data.get("devices"), dict)


def compared(data: Mapping[str, Any], folder: Path) -> list[Value]:
    """Every row of the file, simulated.

    Args:
        data: what the file holds.
        folder: where its traces are, as the module says.

    Returns:
        One value a quantity of each row.

    Raises:
        UnknownNameError: a device that is not modelled.
        WorkloadError: a trace that is missing.
    """
    out: list[Value] = []
    for name, described in data["devices"].items():
        if name not in MODERN_DEVICES:
            raise UnknownNameError("device in the reference", name, list(MODERN_DEVICES))
        out += _device_values(data, MODERN_DEVICES[name], described, folder)
    return out


def _device_values(
    data: Mapping[str, Any], device: ModernDevice, described: Mapping[str, Any], folder: Path
) -> list[Value]:
    at = {c: i for i, c in enumerate(data["row_columns"])}
    names, rows = described["trace_names"], described["rows"]
    traces = {
        n: _trace(device, n, folder) for n in sorted({names[r[at["trace_index"]]] for r in rows})
    }
    simulate = _simulator(data, device, described, traces)

    def one(row: Sequence[Any]) -> list[Value]:
        trace, config = names[row[at["trace_index"]]], int(row[at["config_index"]])
        return _row_values(device.name, (trace, config), simulate(trace, config), row, at)

    simulate(names[rows[0][at["trace_index"]]], int(rows[0][at["config_index"]]))  # compile once
    with ThreadPoolExecutor() as pool:
        return [value for values in pool.map(one, rows) for value in values]


def _row_values(
    device: str, key: tuple[str, int], result: Run, row: Sequence[Any], at: Mapping[str, int]
) -> list[Value]:
    wrong = sum(result.count(*c) != row[at[name]] for name, c in COUNTED.items() if name in at)
    out = [
        (device, "total time", key, float(result.end), float(row[at["end_cyc"]])),
        (device, "mean latency", key, float(result.latency.mean()), float(row[at["lat_arr"]])),
        (device, "command counts", key, float(wrong + 1), 1.0),
    ]
    if result.energy_j is not None and row[at["e_core_J"]] is not None:
        wrong = sum(result.counters[i] != row[at[name]] for name, i in RESIDENCIES.items())
        out += [
            (device, "power states", key, float(wrong + 1), 1.0),
            (device, "core energy", key, result.energy_j, float(row[at["e_core_J"]])),
        ]
    return out


def _simulator(
    data: Mapping[str, Any],
    device: ModernDevice,
    described: Mapping[str, Any],
    traces: Mapping[str, Trace],
) -> Callable[[str, int], Run]:
    """A function of a trace's name and a configuration's number."""

    def simulate(trace: str, config: int) -> Run:
        given = dict(zip(data["config_columns"], described["configs"][config]))
        organisation = str(given["Organisation"])
        ranks, channels, fine = organisation_of(organisation)
        values = {COLUMNS[k]: v for k, v in given.items() if k in COLUMNS}
        design = Design(**values, ranks=ranks, channels=channels, fine_granularity=fine)
        key = f"{given['AddressMapping']}.{ranks}.{channels}"
        played = traces[trace]
        # the rows show that addresses are not rounded down to whole requests
        return run(
            device,
            design,
            played.stamp - played.stamp[0],
            played.is_write,
            played.address,
            request_bytes=int(given["RequestBytes"]),
            bits=bits_of(described["address_mappings"][key]),
        )

    return simulate


def organisation_of(text: str) -> tuple[int, int, int]:
    """The organisation that a configuration names.

    Args:
        text: such as ``r2c1``, or ``fgr2`` for one rank and channel with shorter refreshes.

    Returns:
        (ranks, channels, fine granularity).
    """
    if text.startswith("fgr"):
        return 1, 1, int(text[3:])
    ranks, _, channels = text.removeprefix("r").partition("c")
    return int(ranks), int(channels), 1


def bits_of(mapping: Mapping[str, Sequence[Any]]) -> Bits:
    """A mapping of DRAMSys, as this package writes it.

    Args:
        mapping: address bits by DRAMSys' names of fields, such as ``ROW_BIT``; a bit that is a list is the
            parity of those address bits.

    Returns:
        The bits of every field, least significant first; those of a burst with the column's.
    """
    return {
        name: [
            list(bit) if isinstance(bit, list) else [bit]
            for source in sources
            for bit in mapping.get(source, [])
        ]
        for name, sources in FIELDS.items()
    }


def _trace(device: ModernDevice, name: str, folder: Path) -> Trace:
    tried = [folder / device.name / f"{name}.stl", folder / f"{device.name}-{name}.stl"]
    for path in tried:
        if path.is_file():
            return resolve(path)
    raise WorkloadError(
        f"the reference names the trace {name!r} of {device.name}: no {tried[0]}; say --traces DIR"
    )


def exactness(quantity: str) -> float:
    """How far a quantity may be off and count as exact: by the digits that the reference prints.

    Args:
        quantity: as :func:`compared` names it, such as ``core energy``.

    Returns:
        A relative error; 0 for whole numbers.
    """
    return {"mean latency": 5e-7, "core energy": 5e-7}.get(quantity, 0.0)
