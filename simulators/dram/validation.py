"""``archgym validate dram``: the simulator against runs of DRAMSys, row by row.

Reads three formats: DRAMSys 5.5 on modern memories (``modern.validation``), DRAMSys 5.5 on DDR4
(per-row latency, energy, counters; synthetic traces named by their generator, others read as
``DIR/<trace>.stl``) and ArchGym's DRAMSys 4.0 on DDR3 (time, energy, power; traces read from ``DIR``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.errors import ArchgymError, UnknownNameError, WorkloadError
from archgym.terminal.output import busy
from archgym.validation import Check, Validation, reference_file

from . import layout
from .devices import DDR3_1600, DDR4_2400
from .energy import core_energy_j, power_w
from .modern.validation import compared, exactness, is_modern
from .simulator import DRAMSimulator
from .space import KNOBS
from .traces import Trace, resolve
from .traces.generators import GENERATORS, generate

COLUMNS = {
    "PagePolicy": "page_policy",
    "Scheduler": "scheduler",
    "SchedulerBuffer": "scheduler_buffer",
    "RequestBufferSize": "request_buffer_size",
    "RespQueue": "response_queue",
    "RefreshPolicy": "refresh_policy",
    "RefreshMaxPostponed": "refresh_max_postponed",
    "RefreshMaxPulledin": "refresh_max_pulled_in",
    "PowerDownPolicy": "power_down_policy",
    "Arbiter": "arbiter",
    "MaxActiveTransactions": "max_active_transactions",
    "AddressMapping": "address_mapping",
}
MAPPINGS = {"rbc": "row-bank-column", "bgi": "bank-group-interleaved"}
GENERATOR_ARGUMENTS = {
    "foot": "footprint",
    "pw": "write_share",
    "nb": "banks",
    "lo": "shortest",
    "hi": "longest",
    "blen": "burst",
    "off": "pause",
}


@dataclass(frozen=True)
class Bound:
    """What a group of rows must show: a share of rows within a tolerance, and a median error."""

    tolerance: float
    share: float
    median: float


AWAKE = Bound(0.01, 0.99, 0.001)
STAGGERED = Bound(0.03, 0.95, np.inf)
DDR3 = Bound(0.01, 0.95, 0.002)
DRAMSYS = "DRAMSys 5.5"


@dataclass
class Comparison:
    """Simulated and reference values of one quantity over a group of rows."""

    source: str
    group: str
    quantity: str
    bound: Bound
    exact_within: float
    rows: list[tuple[str, int]] = field(default_factory=list)
    mine: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    @property
    def error(self) -> NDArray[np.float64]:
        """Relative error of each row, (n,)."""
        a, b = np.array(self.mine), np.array(self.theirs)
        return np.abs(a - b) / np.maximum(np.abs(b), 1e-300)

    def check(self) -> Check:
        """The line of the table."""
        error, bound = self.error, self.bound
        share = float(np.mean(error <= bound.tolerance))
        median, high = float(np.median(error)), float(np.quantile(error, 0.99))
        exact, largest = int(np.sum(error <= self.exact_within)), float(error.max())
        return Check(
            self.quantity,
            self.source,
            f"{exact} exact; error: median {median:.2e}, 99 % {high:.2e}, largest {largest:.2e}; "
            f"{share:.2%} within",
            f"{bound.share:.0%} within {bound.tolerance:.0%}"
            + (f", median {bound.median:.1%}" if np.isfinite(bound.median) else ""),
            bool(share >= bound.share and median <= bound.median),
            len(error),
            case=self.group,
            figures={
                "exact": exact,
                "median_error": median,
                "error_99": high,
                "largest_error": largest,
                "within": share,
            },
        )

    def correlations(self) -> list[dict[str, Any]]:
        """Spearman's rank correlation over configurations, a trace at a time."""
        from scipy.stats import spearmanr

        out = []
        for trace in dict.fromkeys(t for t, _ in self.rows):
            pick = [i for i, (t, _) in enumerate(self.rows) if t == trace]
            a, b = np.array(self.mine)[pick], np.array(self.theirs)[pick]
            varied = len(set(a)) > 1 and len(set(b)) > 1
            rho = float(spearmanr(a, b).statistic) if varied else float("nan")
            out.append(
                {
                    "rows": self.group,
                    "quantity": self.quantity,
                    "trace": trace,
                    "n": len(pick),
                    "spearman": rho,
                }
            )
        return out

    def worst(self, count: int) -> list[dict[str, Any]]:
        """The rows that are farthest off.

        Args:
            count: the most to tell.

        Returns:
            A mapping per row, the worst first; rows that agree are left out.
        """
        error = self.error
        order = np.argsort(-error)[:count]
        return [
            {
                "rows": self.group,
                "quantity": self.quantity,
                "trace": self.rows[i][0],
                "config": self.rows[i][1],
                "mine": self.mine[i],
                "reference": self.theirs[i],
                "error": float(error[i]),
            }
            for i in order
            if error[i] > self.exact_within
        ]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give ``archgym validate dram`` its options.

    Args:
        parser: of the command.
    """
    parser.description = __doc__
    parser.add_argument(
        "--reference",
        type=Path,
        help="reference rows, JSON (default: dram_reference.json, 1,200 runs of DRAMSys 5.5)",
    )
    parser.add_argument(
        "--traces", type=Path, help="folder of .stl files (default: traces/ beside the reference)"
    )
    parser.add_argument(
        "--worst",
        type=int,
        default=5,
        metavar="ROWS",
        help="how many of the worst to print per quantity",
    )
    parser.set_defaults(go=_go)


def _go(options: argparse.Namespace) -> Validation:
    with busy("simulating the reference rows …", options.json):
        reference = options.reference or reference_file("dram_reference.json")
        return validate(reference, options.traces, options.worst)


def validate(reference: Path, traces: Path | None = None, worst: int = 5) -> Validation:
    """Compare with a reference file.

    Args:
        reference: the file of rows, in JSON.
        traces: the folder of traces (default: ``traces`` beside the file).
        worst: how many rows to tell per quantity.

    Returns:
        A check per quantity and group of rows, rank correlations, the worst rows.

    Raises:
        ArchgymError: no reference file of memories, or one without a row to compare with.
        UnknownNameError: rows of a memory that is not modelled.
    """
    try:
        data = json.loads(reference.read_text(encoding="utf-8"))
        modern = is_modern(data)
        generation = "modern" if modern else data["memspec"]["memoryType"]
        columns, rows = data["row_columns"], [] if modern else data["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchgymError(
            f"{reference}: not a DRAM reference file ({type(error).__name__}: {error})"
        ) from error
    folder = traces or reference.parent / "traces"
    if generation == "DDR4":
        comparisons = _ddr4(data, columns, rows, folder)
    elif generation == "DDR3":
        comparisons = _ddr3(data, columns, rows, folder)
    elif generation == "modern":
        comparisons = _modern(data, folder)
    else:
        raise UnknownNameError("memory type in the reference", generation, ["DDR3", "DDR4"])
    comparisons = [c for c in comparisons if c.rows]
    if not comparisons:
        raise ArchgymError(f"{reference}: holds no row to compare with")
    details = {
        "rank correlation over configurations": [x for c in comparisons for x in c.correlations()],
        "rows that are not exact, worst first": [x for c in comparisons for x in c.worst(worst)],
    }
    return Validation([c.check() for c in comparisons], details, str(reference))


def given_of(config: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    """A configuration of a reference file as values by knob.

    Args:
        config: its values.
        columns: their names in the file.

    Returns:
        Values of all knobs of the controller.
    """
    given = {COLUMNS[c]: v for c, v in zip(columns, config) if c in COLUMNS}
    given["address_mapping"] = MAPPINGS.get(
        given.get("address_mapping", "rbc"), given.get("address_mapping")
    )
    given.setdefault("power_down_policy", "NoPowerDown")
    return given


def _codes(config: Sequence[Any], columns: Sequence[str]) -> NDArray[np.int64]:
    given, codes = given_of(config, columns), []
    for knob in KNOBS:
        index = knob.index(given[knob.name])
        codes.append(index if knob.kind == "categorical" else int(knob.values[index]))
    return np.array(codes, np.int64)


def _trace(data: dict[str, Any], name: str, folder: Path) -> Trace:
    described = data.get("traces", {}).get(name, {})
    generator = described.get("generator", name)
    if generator in GENERATORS:
        arguments = {
            GENERATOR_ARGUMENTS.get(k, k): v for k, v in described.get("kwargs", {}).items()
        }
        return generate(
            generator, int(described.get("requests", 20_000)), described.get("seed"), **arguments
        )
    path = folder / (name if name.endswith(".stl") else f"{name}.stl")
    if not path.is_file():
        raise WorkloadError(f"the reference names the trace {name!r}: no {path}; say --traces DIR")
    return resolve(path)


def _simulate(
    data: dict[str, Any], rows: Sequence[Any], columns: Sequence[str], folder: Path, device: str
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Counters and latencies of every row, on all cores."""
    at, where = columns.index("trace_index"), columns.index("config_index")
    simulators = {
        t: DRAMSimulator(_trace(data, data["trace_names"][t], folder), device=device)
        for t in sorted({row[at] for row in rows})
    }
    codes = [_codes(c, data["config_columns"]) for c in data["configs"]]
    for simulator in simulators.values():
        simulator.prepare()
        for mapping in {int(codes[row[where]][layout.MAPPING]) for row in rows}:
            simulator._columns(mapping)

    def one(row: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        out, latency = simulators[row[at]].simulate(codes[row[where]])
        return out, np.array([latency.mean()])

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, rows))


def _ddr4(
    data: dict[str, Any], columns: list[str], rows: list[Any], folder: Path
) -> list[Comparison]:
    at = {name: i for i, name in enumerate(columns)}
    policy = data["config_columns"].index("PowerDownPolicy")
    groups = {}
    for staggered, label, bound in (
        (False, "no power-down", AWAKE),
        (True, "Staggered", STAGGERED),
    ):
        groups[staggered] = [
            Comparison(DRAMSYS, label, "total time", bound, 0.0),
            # the reference rounds latencies to seven digits
            Comparison(DRAMSYS, label, "mean arrival latency", bound, 5e-7),
            Comparison(DRAMSYS, label, "core energy", bound, 5e-7),
        ]
    for row, (out, latency) in zip(rows, _simulate(data, rows, columns, folder, DDR4_2400.name)):
        config = data["configs"][row[at["config_index"]]]
        key = (data["trace_names"][row[at["trace_index"]]], int(row[at["config_index"]]))
        values = (
            (float(out[layout.C_END]), row[at["end_cyc"]]),
            (float(latency[0]), row[at["lat_arr"]]),
            (core_energy_j(DDR4_2400, out), row[at["e_core_J"]]),
        )
        for comparison, (mine, theirs) in zip(groups[config[policy] == "Staggered"], values):
            if theirs is not None:
                comparison.rows.append(key)
                comparison.mine.append(mine)
                comparison.theirs.append(float(theirs))
    return [*groups[False], *groups[True]]


def _ddr3(
    data: dict[str, Any], columns: list[str], rows: list[Any], folder: Path
) -> list[Comparison]:
    at = {name: i for i, name in enumerate(columns)}
    source, label = "DRAMSys 4.0", "DDR3"
    time, energy, power = (
        Comparison(source, label, "total time", DDR3, 1e-12),
        Comparison(source, label, "core energy", DDR3, 1e-9),
        Comparison(source, label, "power", DDR3, 1e-5),  # printed with two decimals of a milliwatt
    )
    for row, (out, _) in zip(rows, _simulate(data, rows, columns, folder, DDR3_1600.name)):
        key = (data["trace_names"][row[at["trace_index"]]], int(row[at["config_index"]]))
        joules = core_energy_j(DDR3_1600, out)
        for comparison, mine, column, unit in (
            (time, out[layout.C_END] * DDR3_1600.clock_s, "total_time_ns", 1e-9),
            (energy, joules, "energy_pJ", 1e-12),
            (power, power_w(DDR3_1600, out, joules), "power_mW", 1e-3),
        ):
            if row[at[column]] is not None:
                comparison.rows.append(key)
                comparison.mine.append(float(mine))
                comparison.theirs.append(float(row[at[column]]) * unit)
    return [time, energy, power]


def _modern(data: dict[str, Any], folder: Path) -> list[Comparison]:
    out: dict[tuple[str, str], Comparison] = {}
    for device, quantity, key, mine, theirs in compared(data, folder):
        exact = exactness(quantity)
        bound = Bound(exact, 0.99, np.inf)
        group = out.setdefault(
            (device, quantity), Comparison(DRAMSYS, device, quantity, bound, exact)
        )
        group.rows.append(key)
        group.mine.append(mine)
        group.theirs.append(theirs)
    return list(out.values())
