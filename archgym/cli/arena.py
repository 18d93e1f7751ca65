"""``archgym arena``: agents and played games on one scenario under one budget."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from ..contracts.foreign import agent_class
from ..errors import ArchgymError
from ..goals.scenario import Scenario
from ..sweeps import driver
from ..sweeps.engine import make_engine
from ..sweeps.plan import from_sweep_document
from ..terminal.output import PREPARING, bar_of, busy, print_json, print_table
from .scenarios import add_scenario_options, scenario_of


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("arena", help="agents and played games on one scenario, one budget")
    p.add_argument("scenario", help="name or .yaml file")
    p.add_argument("agents", nargs="*", help="names, module:CLASS or FILE.py:CLASS")
    p.add_argument(
        "--games",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="folders of games (archgym serve) or runs to set beside them (default: none)",
    )
    p.add_argument(
        "--budget", type=int, metavar="EVALUATIONS", help="of each run (default: the scenario's)"
    )
    p.add_argument("--seeds", type=int, default=10, metavar="COUNT", help="runs of each agent")
    p.add_argument(
        "--from-scratch",
        action="store_true",
        help="runs do not begin with the reference design (default: it is the first trial, and charged)",
    )
    p.add_argument(
        "--workers", type=int, metavar="PROCESSES", help="at the same time (default: all cores)"
    )
    p.add_argument("--output", type=Path, help="the agents' sweep (default: arena/SCENARIO)")
    p.add_argument("--json", action="store_true")
    add_scenario_options(p)
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Let the agents play, set the games beside them, print the standings.

    Args:
        options: the parsed command line: scenario, agents, games, budget, seeds, folders, JSON or not.

    Returns:
        The exit code: 0, or 1 where a run failed.

    Raises:
        ArchgymError: nobody plays, a number out of range, or games that cannot be compared.
    """
    if not options.agents and not options.games:
        raise ArchgymError("name agents, or give --games RUN…: somebody must play")
    for name in ("seeds", "budget", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ArchgymError(f"--{name} must be at least 1, got {value}")
    for name in options.agents:
        agent_class(name)
    with busy(PREPARING, options.json):
        scenario = scenario_of(options)
    budget = options.budget or scenario.budget
    return _played(scenario, budget, options)


def _played(scenario: Scenario, budget: int, options: argparse.Namespace) -> int:
    import pandas as pd

    from ..bench import arena
    from ..report.results import Results

    start = not options.from_scratch
    frames = [arena.of_games(scenario, options.games, budget, start)]  # before anything is run
    failed, path = 0, None
    if options.agents:
        sweep = from_sweep_document(
            arena.sweep_document(scenario, options.agents, budget, options.seeds, start)
        )
        path = options.output or Path("arena") / scenario.name.replace("/", "-")
        folder = driver.SweepFolder.create(path, sweep)
        engine = make_engine("local", options.workers, None)
        with bar_of(1, sweep.name, options.json) as bar:

            def show(p: driver.SweepProgress) -> None:
                if bar is not None:
                    bar(p.done, f"{p.rate:.1f} runs/s", p.runs)

            driver.carry_out(folder, sweep, engine, on_progress=show)
        results = Results(path)
        failed = len(results.failures)
        frames.append(arena.of_sweep(results))
    table = arena.standings(scenario, pd.concat([f for f in frames if len(f)], ignore_index=True))
    if options.json:
        rows = [{k: _plain(v) for k, v in row.items()} for row in table.to_dict("records")]
        print_json(
            {"scenario": scenario.name, "budget": budget, "failed": failed, "standings": rows}
        )
        return int(bool(failed))
    print_table(
        ["player", "runs", "gap", "95 %", "chance that the first is better"],
        [
            [
                r["player"], r["runs"], f"{r['gap']:.3%}", _interval(r["low"], r["high"], 2),
                "-" if math.isnan(r["first better"]) else f"{r['first better']:.0%} "
                f"({_interval(r['first better low'], r['first better high'], 0)})",
            ]
            for r in table.to_dict("records")
        ],
        title=f"{scenario.name}, {budget:,} evaluations: interquartile mean of the gap",
    )  # fmt: skip
    if failed:
        print(f"{failed} runs failed: archgym report {path}")
    if path is not None:
        print(f"The agents' runs: archgym report {path}")
    return int(bool(failed))


def _interval(low: float, high: float, digits: int) -> str:
    return "one run" if math.isnan(low) else f"{low:.{digits}%} … {high:.{digits}%}"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
