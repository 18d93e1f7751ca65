"""``archgym propose``: designs worth evaluating, from logged data alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArchgymError
from ..files.cells import csv_text
from ..files.text import write_text
from ..goals.scenario import Scenario
from ..runs.naming import title_of
from ..terminal.output import print_json, print_table, steps_of
from ..units import knob_value
from .scenarios import add_scenario_options, scenario_of

if TYPE_CHECKING:
    from ..proxies.offline import Proposals
    from ..proxies.rows import Rows

SHOWN = 5  # changed knobs


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("propose", help="designs worth evaluating, from a data set alone")
    p.add_argument(
        "data",
        type=Path,
        help="a file of archgym export or dataset sample, or the name of one that ships (dram, soc …)",
    )
    p.add_argument(
        "--scenario", help="what is good, a name or a .yaml file (default: the data's own)"
    )
    p.add_argument("-k", type=int, default=16, metavar="COUNT", help="designs (default 16)")
    p.add_argument(
        "--margin",
        type=_margin,
        metavar="SPREADS",
        help="limit what is promised of unseen designs to so many standard deviations of cost beyond the row that "
        "each comes from, such as 1 (default: none, no limit)",
        default="none",
    )
    p.add_argument(
        "--walk",
        type=int,
        default=64,
        metavar="CHANGES",
        help="changes that are tried of a good row; more leads farther from the data (default 64)",
    )
    p.add_argument(
        "--output", type=Path, help="CSV of the designs, for archgym evaluate (default: none)"
    )
    p.add_argument("--seed", default=0)
    p.add_argument("--json", action="store_true")
    add_scenario_options(p)
    p.set_defaults(go=go)


def _margin(text: str) -> float | None:
    """A number of standard deviations, or None for a plain model."""
    if text == "none":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < np.inf:
        raise argparse.ArgumentTypeError(f"expected a number of at least 0, or none, got {text!r}")
    return value


def go(options: argparse.Namespace) -> int:
    """Learn a model from the data, and print the designs that it finds best.

    Args:
        options: the parsed command line: data, scenario with its changes, how many designs, margin,
            walk, output file, seed.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: the data name no scenario, or several, and none is given.
    """
    from ..datasets.reader import Dataset
    from ..datasets.shipped import found
    from ..proxies.offline import propose
    from ..proxies.rows import Rows

    with steps_of(3, "propose", options.json) as step:
        data = Dataset(found(options.data))
        step(f"reading {data.path}")
        rows = Rows.of(data)
        scenario = scenario_of(options, options.scenario or _own(data))
        proposals = propose(
            scenario, rows, options.k, seed=options.seed, margin=options.margin,
            walk=options.walk, on_step=step,
        )  # fmt: skip
    designs = scenario.space.decode(proposals.x)
    if options.output:
        columns = scenario.columns.knobs
        lines = [[*columns.values()], *([str(v) for v in d.values()] for d in designs)]
        write_text(options.output, csv_text(lines))
    if options.json:
        print_json(_document(scenario, proposals, rows, designs))
        return 0
    _show(scenario, proposals, designs)
    if options.output:
        print(
            f"Designs: {options.output}; archgym evaluate {scenario.name} --designs {options.output}"
        )
    return 0


def _own(data: Any) -> str:
    """The one scenario that all rows were logged for."""
    names = sorted(set(data.column("scenario").astype(str)) - {""})
    if len(names) != 1:
        told = f"they are of {', '.join(names)}" if names else "they name none"
        raise ArchgymError(
            f"{data.path}: which scenario says what is good? Give --scenario ({told})"
        )
    return str(names[0])


def _against(found: Proposals, i: int) -> str:
    """A promised cost against the best in the data."""
    beyond = float(found.promised[i]) - found.best
    return f"{np.expm1(beyond):+.1%}" if found.by_ratio else f"{beyond:+.3g}"


def _document(
    scenario: Scenario, found: Proposals, rows: Rows, designs: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "scenario": scenario.name,
        "rows": len(found.rows),
        "left_out": len(rows) - len(found.rows),
        "evaluated": found.evaluated,
        "best_in_data": {"cost": found.best, "design": scenario.space.decode(found.rows.x[[found.best_row]])[0]},
        "designs": [
            {
                "promised_cost": float(found.promised[i]),
                "knobs_changed": int((found.rows.x[found.nearest(i)] != found.x[i]).sum()),
                "design": design,
            }
            for i, design in enumerate(designs)
        ],
    }  # fmt: skip


def _show(scenario: Scenario, found: Proposals, designs: list[dict[str, Any]]) -> None:
    """Print the proposals, each by what it changes in the row that is nearest to it."""
    asked = (
        "the reference design alone was evaluated" if found.evaluated else "nothing was evaluated"
    )
    print(
        f"{title_of(scenario)}: {len(designs)} designs, learnt from {len(found.rows):,} rows; {asked}"
    )
    table = []
    for i, design in enumerate(designs):
        row = scenario.space.decode(found.rows.x[[found.nearest(i)]])[0]
        other = [p for p in scenario.space.parameters if row[p.name] != design[p.name]]
        told = [f"{p.name} = {knob_value(design[p.name], p.unit)}" for p in other[:SHOWN]]
        more = [f"{len(other) - SHOWN} more"] if len(other) > SHOWN else []
        table.append(
            [i + 1, _against(found, i), len(other), ", ".join(told + more)]
        )  # fmt: skip
    print_table(["", "promised", "knobs changed", "what differs from the nearest row"], table)
    costs = "" if found.by_ratio else ", as a difference of costs"
    missed = "; costs include missed specs" if scenario.specs else ""
    print(
        f"promised: against the best row of the data{costs}, by the model{missed}. It may be wrong: evaluate them."
    )
