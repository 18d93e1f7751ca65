"""``archgym run``: search a scenario, keep everything, show what was found."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from .. import trust
from ..errors import ArchgymError
from ..extras import installed
from ..runs import runner
from ..runs.run import Run
from ..runs.run_folder import RunFolder
from ..runs.search import seconds_of
from ..search.callbacks import Callback
from ..search.loggers import LoggingCallback
from ..search.progress_bar import ProgressBar
from ..search.stopping import TimeLimit
from ..search.study import Study
from ..terminal.output import PREPARING, busy, counts, print_json, print_table, settings
from .result import show_result
from .scenarios import add_scenario_options, scenario_of


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("run", help="search a scenario with an agent")
    p.add_argument("scenario", nargs="?", help="name or .yaml file; not needed with --resume")
    p.add_argument("--agent", default="genetic_algorithm", help="see `archgym list agents`")
    p.add_argument(
        "--budget", type=int, metavar="EVALUATIONS", help="to be charged (default: the scenario's)"
    )
    p.add_argument("--seed", default=0)
    p.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyperparameter; repeatable (default: the agent's)",
    )
    p.add_argument(
        "--queries",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="end before more than NUMBER costly parts of evaluations were used, such as accuracy=500: networks "
        "that would have to be trained (default: no limit but the budget)",
    )
    add_scenario_options(p)
    p.add_argument(
        "--answers",
        default="",
        metavar="KIND",
        help="who answers (default: the simulator): table[:FOLDER] (see archgym enumerate), proxy:FOLDER (see "
        "archgym train), or escalating[:FOLDER][,SETTING=VALUE…], a proxy that asks when it is unsure; fidelity[:NAME], the simulator "
        "at a cheaper fidelity (see archgym info SCENARIO), which evaluates the finalists in full",
    )
    p.add_argument(
        "--from-scratch",
        action="store_true",
        help="do not evaluate the reference design first (default: it is the first trial, and charged)",
    )
    p.add_argument(
        "--screen",
        metavar="proxy:FOLDER",
        help="let a proxy look at many proposals and evaluate the most promising only (default: none does)",
    )
    p.add_argument(
        "--screen-factor",
        type=int,
        default=8,
        metavar="PROPOSALS",
        help="proposals per evaluation, with --screen",
    )
    p.add_argument(
        "--batch",
        type=int,
        metavar="DESIGNS",
        help="designs per batch (default: the agent chooses)",
    )
    p.add_argument(
        "--output", type=Path, help="run folder (default: runs/SCENARIO@WORKLOAD/AGENT-seedN-ID)"
    )
    p.add_argument(
        "--store",
        default="",
        metavar="PLACE",
        help="where evaluations are kept: an SQLite file, or postgresql://USER@HOST/DATABASE, which drivers on "
        "many machines may share (extra 'server'; password in PGPASSWORD or ~/.pgpass; default: in the run folder)",
    )
    p.add_argument(
        "--resume",
        type=Path,
        metavar="RUN",
        help="go on with an interrupted run (default: begin one)",
    )
    p.add_argument(
        "--until-specs-met",
        action="store_true",
        help="stop at the first design that meets all specs; exit code 1 where none does",
    )
    p.add_argument(
        "--timeout",
        metavar="TIME",
        help="end after the batch in which this time is reached, such as 60 (seconds) or '90 s' (default: none); --resume goes "
        "on to the budget",
    )
    p.add_argument(
        "--quiet", "-q", action="store_true", help="no progress bar; print the run folder alone"
    )
    p.add_argument(
        "--verbose", "-v", action="store_true", help="log every improvement on standard error"
    )
    p.add_argument(
        "--no-plots", action="store_true", help="no pictures and no page (default: both are drawn)"
    )
    p.add_argument(
        "--no-page", action="store_true", help="no page.html (default: 2 MB, opens in any browser)"
    )
    p.add_argument(
        "--effects",
        action=argparse.BooleanOptionalAction,
        help="on the page, what each knob of the best design buys; its neighbours are evaluated, charged to nobody "
        "(default: where that takes about 2 s at most)",
    )
    p.add_argument(
        "--dry-run", action="store_true", help="check everything, print the plan, run nothing"
    )
    p.add_argument("--json", action="store_true", help="machine-readable result, no progress bar")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Begin a run or go on with one, and show what was found.

    Args:
        options: the parsed command line: scenario with its changes, agent, budget, folders, what to show.

    Returns:
        The exit code: 0, or 1 where nothing is feasible, or where specs that had to be met are not.

    Raises:
        ArchgymError: both or neither of scenario and ``--resume`` are given.
    """
    quiet = options.json or options.quiet
    if options.verbose:
        logging.basicConfig(
            format="%(asctime)s %(message)s", level=logging.WARNING, stream=sys.stderr
        )
        logging.getLogger("archgym.run").setLevel(logging.INFO)
    if options.resume is not None:
        if options.scenario:
            raise ArchgymError("give either a scenario or --resume RUN, not both")
        folder = RunFolder.open(options.resume)
        with busy(PREPARING, quiet):
            scenario = folder.scenario()
        done = runner.carry_out(
            folder,
            scenario,
            not options.no_plots,
            None,
            options.store,
            _watching(options),
            _page(options),
            options.effects,
        )
        return _show(done, options)
    if not options.scenario:
        raise ArchgymError("name a scenario (see `archgym list scenarios`) or give --resume RUN")
    with busy(PREPARING, quiet):
        scenario = scenario_of(options)
    hyper = settings(options.set, "--set")
    budget = scenario.budget if options.budget is None else options.budget
    if options.dry_run:
        with trust.looking("run --dry-run"):
            return _dry_run(scenario, options, hyper, budget)
    done = runner.run(
        scenario,
        options.agent,
        budget=budget,
        seed=options.seed,
        hyperparameters=hyper,
        batch=options.batch,
        output=options.output,
        until_specs_met=options.until_specs_met,
        plots=not options.no_plots,
        page=_page(options),
        effects=options.effects,
        callbacks=_watching(options),
        store=options.store,
        **_plan(options),
    )
    return _show(done, options)


def _page(options: argparse.Namespace) -> bool:
    return not (options.no_plots or options.no_page)


def _watching(options: argparse.Namespace) -> list[Callback]:
    """Progress, the log and the time limit, as options say."""
    out: list[Callback] = [] if options.json or options.quiet else [ProgressBar()]
    if options.verbose:
        out.append(LoggingCallback("archgym.run"))
    if options.timeout is not None:
        out.append(TimeLimit(seconds_of(options.timeout)))
    return out


def _plan(options: argparse.Namespace) -> dict[str, Any]:
    out = {"answers": options.answers, "from_reference": not options.from_scratch}
    if options.screen:
        out |= {"screen": options.screen, "screen_factor": options.screen_factor}
    if options.queries:
        out["queries"] = counts(options.queries, "--queries")
    return out


def _dry_run(scenario: Any, options: argparse.Namespace, hyper: dict[str, str], budget: int) -> int:
    study = Study(
        scenario, options.agent, budget=budget, seed=options.seed, hyperparameters=hyper, batch=options.batch,
        **_plan(options),
    )  # fmt: skip
    plan = {
        "scenario": scenario.name,
        "workloads": list(scenario.workloads),
        "agent": options.agent,
        "hyperparameters": study.agent.hyper,
        "seed": options.seed,
        "budget": budget,
        "batch": study.batch,
        "designs": scenario.space.cardinality,
        **(
            {"fidelities": {n: o.cost for n, o in study.ladder.offers.items()}}
            if study.ladder.offers
            else {}
        ),
    }
    if options.json:
        print_json(plan)
    else:
        print_table(["plan", ""], list(plan.items()))
    return 0


def _show(done: Run, options: argparse.Namespace) -> int:
    """Print the result; 1 where nothing is feasible, or specs that had to be met are not."""
    assert done.path is not None  # the command writes folders
    result = {"run": str(done.path), **done.result}
    wanted = options.until_specs_met or done.manifest.get("until_specs_met", False)
    failed = result["best"] is None or (wanted and not result["specs_met"])
    if options.json:
        print_json(result)
        return int(failed)
    if options.quiet:
        print(done.path)
        return int(failed)
    show_result(done.scenario, result)
    if done.ended and done.result["ended"]["by"] not in ("budget", "specs"):
        print(f"Ended early: {done.ended}; go on with archgym run --resume {done.path}")
    if wanted and not result["specs_met"]:
        print("--until-specs-met: no design meets every spec.")
    more = ("rough.csv", "convergence.png", "front.png", "page.html")
    files = ["trials.csv", "result.json", *(p for p in more if (done.path / p).exists())]
    if not options.no_plots and not installed("matplotlib"):
        print("No pictures: matplotlib is not installed (pip install 'archgym[plots]').")
    print(f"Run folder: {done.path} ({', '.join(files)})")
    return int(failed)
