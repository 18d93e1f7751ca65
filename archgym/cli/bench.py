"""``archgym bench``: an agent on the suite, beside recorded results of others."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bench import playing
from ..bench.pace import Pace, looked_up, timed, waiting
from ..bench.suite import Suite, load_suite, recorded
from ..contracts.foreign import agent_class
from ..errors import ArchgymError
from ..files.text import write_text
from ..sweeps import driver
from ..sweeps.engine import make_engine
from ..sweeps.ledger import error_of
from ..sweeps.plan import Sweep, from_sweep_document
from ..tables.coverage import default_root
from ..terminal.output import bar_of, busy, print_json, print_table, settings
from ..units import duration

if TYPE_CHECKING:
    import pandas as pd

DEAR_S = 60.0  # a run of a task that takes longer is named
OWN = " (recorded)"  # told behind a baseline's name where it is measured again


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("bench", help="an agent on a suite of tasks whose optima are known")
    p.add_argument("agent", nargs="?", help="a name, module:CLASS or FILE.py:CLASS")
    p.add_argument("--list", action="store_true", help="the tasks and how hard they are")
    p.add_argument(
        "--hyperparameters",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="of the agent (default: its own)",
    )
    p.add_argument(
        "--tasks",
        nargs="+",
        default=[],
        metavar="NAME",
        help="of these alone; patterns such as 'serving/*' (default: all that are not easy, with --budget those "
        "of which results are recorded)",
    )
    p.add_argument(
        "--anonymous",
        action="store_true",
        help="the tasks' twins: knobs shuffled, names and values neutral, costs alone are told",
    )
    p.add_argument(
        "--recorded",
        action="store_true",
        help="the tasks of which results are recorded: the cheap ones (as --budget does)",
    )
    p.add_argument("--easy", action="store_true", help="tasks that random search solves too")
    p.add_argument(
        "--seeds", type=int, metavar="COUNT", help="runs of each task (default: the suite's)"
    )
    p.add_argument(
        "--budget",
        type=int,
        metavar="EVALUATIONS",
        help="of a run, a step of the ladder, for agents that take seconds for a proposal (default: its last)",
    )
    p.add_argument(
        "--tables",
        type=Path,
        help="a folder of archgym enumerate, to look designs up (default: ARCHGYM_TABLES, else tables)",
    )
    p.add_argument(
        "--workers", type=int, metavar="PROCESSES", help="at the same time (default: all cores)"
    )
    p.add_argument("--output", type=Path, help="folder to write (default: bench/AGENT)")
    p.add_argument(
        "--resume", type=Path, metavar="FOLDER", help="go on with one (default: begin one)"
    )
    p.add_argument(
        "--logs",
        type=Path,
        metavar="FOLDER",
        help="write the runs as logs of IOHprofiler too (default: none)",
    )
    p.add_argument(
        "--carps",
        type=Path,
        metavar="FOLDER",
        help="write the tasks as files of CARP-S, play nothing (default: play)",
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Play the tasks, score the runs, compare them.

    Args:
        options: the parsed command line: agent, tasks, seeds, folders, JSON or not.

    Returns:
        The exit code: 0, or 1 where a run failed.

    Raises:
        ArchgymError: options that exclude each other, an unknown task or agent, a number out of range.
    """
    suite = load_suite()
    if options.list:
        return _list(suite, options.json)
    if options.budget is not None:
        suite = suite.short(options.budget)
    if options.recorded and options.tasks:
        raise ArchgymError("--recorded chooses the tasks: leave out --tasks")
    if options.carps is not None:
        return _carps(suite, options)
    if (options.agent is None) == (options.resume is None):
        raise ArchgymError("name an agent, or give --resume FOLDER or --list")
    for name in ("seeds", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ArchgymError(f"--{name} must be at least 1, got {value}")
    if options.tables is not None and not options.tables.is_dir():
        raise ArchgymError(
            f"--tables {options.tables}: expected a folder that archgym enumerate has made, there is none"
        )
    folder, sweep = _opened(suite, options)
    _play(folder, sweep, options)
    return _told(load_suite().short(sweep.budget), folder.path, options)


def _play(folder: driver.SweepFolder, sweep: Sweep, options: argparse.Namespace) -> None:
    """Carry out what is not done; say who answers, and about how long it takes."""
    pace = _pace(folder, sweep, options)
    with bar_of(1, sweep.name, options.json, guess=False) as bar:

        def show(p: driver.SweepProgress) -> None:
            pace.took(p.scenario, p.last)
            if bar is not None:
                failed = f", {p.failed} failed" if p.failed else ""
                rest = f", about {duration(pace.rest_s)} left" if p.done < p.runs else ""
                bar(p.done, f"{p.rate:.1f} runs/s{rest}{failed}", p.runs)

        driver.carry_out(
            folder, sweep, make_engine("local", options.workers, sweep.timeout), on_progress=show
        )


def _pace(folder: driver.SweepFolder, sweep: Sweep, options: argparse.Namespace) -> Pace:
    """Which tasks are looked up and which simulated, said, and what their runs will take."""
    workers = options.workers or os.cpu_count() or 1
    left, tables = waiting(folder), looked_up(sweep)
    simulated = [n for n in sweep.scenarios if n not in tables]
    if options.json or not left:
        return Pace(left, {}, workers)
    for words, names in (("looked up in tables", tables), ("simulated", simulated)):
        if names:
            print(f"tasks {words}: {len(names)} ({', '.join(names)})", file=sys.stderr)
    answers_s: dict[str, float] = {}
    dearest = [n for n in simulated if left[n]]
    if dearest:
        with busy("timing a few designs of what is simulated …", options.json):
            answers_s = {n: sweep.budget * timed(sweep.scenarios[n]) for n in dearest}
    pace = Pace(left, answers_s, workers)
    takes = (
        f"about {duration(pace.rest_s)} with --workers {workers} on an idle machine, and "
        if answers_s
        else ""
    )
    print(
        f"{left.total():,} runs of {sweep.budget:,} evaluations: {takes}the agent's own time",
        file=sys.stderr,
    )
    dear = sorted((n for n in answers_s if answers_s[n] > DEAR_S), key=lambda n: -answers_s[n])
    if dear:
        print(
            f"longest: {', '.join(f'{n} ({duration(answers_s[n])} a run)' for n in dear[:3])}. archgym "
            "enumerate TASK makes a table, --tasks leaves tasks out",
            file=sys.stderr,
        )
    return pace


def _carps(suite: Suite, options: argparse.Namespace) -> int:
    """Tasks as files of CARP-S."""
    from ..bench.bridges.carps import write_tasks

    if options.agent is not None or options.resume is not None:
        raise ArchgymError("--carps plays nothing: leave out the agent and --resume")
    patterns = _recorded(suite) if options.recorded else options.tasks
    tasks = playing.chosen(suite, patterns, options.easy)
    files = write_tasks(suite, tasks, options.carps, options.anonymous)
    if options.json:
        print_json({"files": [str(f) for f in files]})
        return 0
    print(
        f"{len(files)} tasks of CARP-S: python -m carps.run +task/archgym={files[0].stem} … "
        f"'hydra.searchpath=[file://{options.carps.absolute()}]'"
    )
    return 0


def _opened(suite: Suite, options: argparse.Namespace) -> tuple[driver.SweepFolder, Sweep]:
    """The sweep to carry out: a new one, or one that was begun."""
    if options.resume is not None:
        folder = driver.SweepFolder(options.resume)
        return folder, folder.sweep()
    hyper = dict(settings(options.hyperparameters, "--hyperparameters"))
    agent_class(options.agent).check_hyperparameters(hyper)
    short = options.recorded or options.budget is not None
    patterns = options.tasks or (_recorded(suite) if short else [])
    tasks = playing.chosen(suite, patterns, options.easy)
    label = re.sub(r"[^A-Za-z0-9_.-]+", "-", options.agent).strip("-.")
    with busy("checking the tasks …", options.json):
        document, skipped = playing.sweep_document(
            suite,
            [{"agent": options.agent, "hyperparameters": {k: [v] for k, v in hyper.items()}}],
            tasks,
            name=label,
            seeds=options.seeds or suite.seeds,
            tables=options.tables or default_root(),
            anonymous=options.anonymous,
        )
        sweep = from_sweep_document(document)
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}", file=sys.stderr)
    return driver.SweepFolder.create(options.output or Path("bench") / label, sweep), sweep


def _recorded(suite: Suite) -> list[str]:
    """The tasks of which results are recorded at this step of the ladder; none where there are none."""
    from ..bench import scores

    place = _place(suite)
    return sorted(set(scores.read(place, suite)["task"])) if place.exists() else []


def _place(suite: Suite) -> Path:
    """Where results are recorded that end where the suite's ladder does."""
    last = suite.ladder[-1]
    return recorded(None if last == load_suite().ladder[-1] else last)


def _nothing_done(path: Path, failures: Sequence[tuple[str, ...]]) -> str:
    """Why a folder has no run to score: each error once, as its last line tells it."""
    said = dict.fromkeys(error_of(traceback) for *_, traceback in failures)
    if not said:
        return f"{path}: no run is done; go on with --resume {path}"
    return f"{path}: all {len(failures)} runs failed: " + "; ".join(list(said)[:3])


def _told(suite: Suite, path: Path, options: argparse.Namespace) -> int:
    """Scores, ranking and page of a folder whose runs are done."""
    as_json, logs = options.json, options.logs
    from ..bench import page, scores
    from ..bench.bridges.ioh import write_logs
    from ..bench.ranking import chances, common, ranking
    from ..report.results import Results

    with busy("reading the ledger, drawing …", as_json):
        results = Results(path)
        if not len(results.runs):
            raise ArchgymError(_nothing_done(path, results.failures))
        mine = scores.scores(results, suite)
        scores.write(mine, suite, path / "scores.csv")
        (agent,) = mine["agent"].unique()
        both, alone = _beside(suite, mine, agent)
        frame = common(both, [t for t in mine["task"].unique() if t not in alone])
        table, won = ranking(frame, suite), chances(frame, agent)
        says = page.words(frame, suite, agent)
        if alone:
            says.append(
                f"Nothing is recorded of {', '.join(alone)}: these are not compared, see scores.csv."
            )
        if logs is not None:
            write_logs(results, suite, logs)
        write_text(path / "bench.html", page.page(frame, suite, agent).document())
    failed = len(results.failures)
    if as_json:
        print_json(
            {
                "suite": suite.title, "agent": agent, "folder": str(path), "summary": says,
                "failed": failed, "ranking": table.to_dict("records"), "chances": won.to_dict("records"),
            }
        )  # fmt: skip
        return int(bool(failed))
    head, rows = page.rows_of(table, suite)
    marked = [[f"> {r[0]}" if r[0] == agent else r[0], *r[1:]] for r in rows]
    print_table(head, marked, title=f"{suite.title}, {mine['task'].nunique()} tasks. {page.PREFIX}")
    for line in says:
        print(f"- {line}")
    if failed:
        print(f"{failed} runs failed: archgym report {path}")
    print(f"Page: {path / 'bench.html'}; scores: {path / 'scores.csv'}")
    if logs is not None:
        print(f"Logs of IOHprofiler: {logs}")
    return int(bool(failed))


def _beside(suite: Suite, mine: pd.DataFrame, agent: str) -> tuple[pd.DataFrame, list[str]]:
    """The runs with those that were recorded of other agents, and tasks of which nothing is recorded."""
    import pandas as pd

    from ..bench import scores

    place = _place(suite)
    if not place.exists():
        return mine, []
    others = scores.read(place, suite)
    alone = sorted(set(mine["task"]) - set(others["task"]))
    if len(alone) == mine["task"].nunique():  # there is nobody to be compared with
        return mine, []
    others.loc[others["agent"] == agent, "agent"] += OWN
    return pd.concat([mine, others], ignore_index=True), alone


def _list(suite: Suite, as_json: bool) -> int:
    from dataclasses import asdict

    from ..bench.page import share, sized

    if as_json:
        tasks = [asdict(t) for t in suite.tasks.values()]
        print_json(
            {"suite": suite.title, "ladder": suite.ladder, "seeds": suite.seeds, "tasks": tasks}
        )
        return 0
    print_table(
        ["task", "best", "designs", "within 1 %", "random search at 100", ""],
        [
            [
                t.scenario, t.kind, sized(t.designs), share(t.within),
                "-" if t.at_100 is None else f"{t.at_100:.2%} off", "easy" if t.easy else "",
            ]
            for t in suite.tasks.values()
        ],
        title=f"{suite.title}: {len(suite.tasks)} tasks, {', '.join(f'{n:,}' for n in suite.ladder)} evaluations, "
        f"{suite.seeds} seeds",
    )  # fmt: skip
    return 0
