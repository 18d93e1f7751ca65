"""``archgym submit``: an entry of the benchmark, as a folder that anybody can judge."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bench import playing
from ..bench.submission import making
from ..bench.submission.divisions import (
    CLOSED,
    OFFLINE,
    OPEN,
    RULES,
    Division,
    division,
    offline_data,
)
from ..bench.submission.folder import digest, trials_name
from ..bench.submission.manifest import COUNTED, Manifest, require_declared
from ..bench.submission.playing import text_of
from ..bench.suite import Suite, load_suite
from ..contracts.foreign import agent_class
from ..errors import ArchgymError, ScenarioError, WorkloadError, resumable
from ..files.text import write_text
from ..goals.scenario_file import load_scenario
from ..terminal.output import bar_of, busy, print_json, print_table, settings

if TYPE_CHECKING:
    from ..bench.submission.card import Claim


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("submit", help="enter the benchmark: a folder that anybody can judge")
    p.add_argument("agent", nargs="?", help="a name, module:CLASS or FILE.py:CLASS")
    p.add_argument("--division", choices=list(RULES), default=CLOSED, help="(default: closed)")
    p.add_argument(
        "--hyperparameters",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="of the agent (default: its own)",
    )
    p.add_argument(
        "--source",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="further files that FILE.py imports (default: none)",
    )
    p.add_argument(
        "--runs",
        nargs="+",
        type=Path,
        default=[],
        metavar="RUN",
        help="open division: finished runs and games in place of an agent (default: none)",
    )
    p.add_argument("--entrant", metavar="NAME", help="on the board (default: the agent)")
    p.add_argument(
        "--tasks",
        nargs="+",
        default=[],
        metavar="NAME",
        help="of these alone; patterns such as 'serving/*' (default: all that are not easy)",
    )
    p.add_argument("--seeds", type=int, metavar="COUNT", help="(default: the suite's)")
    for name, what in (
        ("tokens", "of language models, of all runs together"),
        ("wall-seconds", "of all runs together"),
        ("tuning-evaluations", "that hyperparameters were tuned with"),
    ):
        p.add_argument(
            f"--{name}", type=float, metavar="NUMBER", help=f"{what} (default: not told)"
        )
    p.add_argument("--knowledge", default="", help="what the agent knew before (default: not told)")
    p.add_argument("--note", default="", help="a line for the board (default: none)")
    p.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="only write the data of offline tasks (default: play)",
    )
    p.add_argument(
        "--workers", type=int, metavar="RUNS", help="at the same time (default: all cores)"
    )
    p.add_argument(
        "--output", type=Path, help="folder to write, or to go on with (default: submissions/NAME)"
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Play what is missing of an entry, write its manifest and its claim card.

    Args:
        options: the parsed command line: agent or runs, division, tasks, what is declared, folders.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: options that exclude each other, a task or agent that is unknown, or a run that failed.
    """
    suite = load_suite()
    if options.data is not None:
        return _write_data(suite, options)
    if (options.agent is None) == (not options.runs):
        raise ArchgymError("name an agent, or give --runs RUN… in the open division")
    if options.runs and options.division != OPEN:
        raise ArchgymError("--runs are for --division open: nobody can play them again")
    for name in ("seeds", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ArchgymError(f"--{name} must be at least 1, got {value}")
    played = division(options.division, suite)
    entrant = options.entrant or (options.agent or "player").rpartition("/")[2]
    declared = {k: getattr(options, k) for k in COUNTED}
    declared |= {"knowledge": options.knowledge, "note": options.note}
    require_declared(entrant, declared)
    from ..bench.submission.judging import write_card

    path = options.output or Path("submissions") / "".join(
        c if c.isalnum() or c in "_.-" else "-" for c in entrant
    )
    with resumable(f"archgym submit … --output {path}"):
        manifest = _made(options, played, entrant, declared, path)
    with busy("writing the claim card …", options.json):
        claims = write_card(path, suite)
    return _told(path, manifest, claims, options.json)


def _made(
    options: argparse.Namespace,
    played: Division,
    entrant: str,
    declared: dict[str, Any],
    path: Path,
) -> Manifest:
    """The entry with all its runs."""
    runs = making.collect(path, played, options.runs) if options.runs else {}
    if options.agent and not options.agent.rpartition(":")[0].endswith(".py"):
        given = dict(settings(options.hyperparameters, "--hyperparameters"))
        agent_class(options.agent).check_hyperparameters(given)
    with busy("checking the tasks …", options.json):
        tasks = _tasks(played.suite, list(runs) or options.tasks)
    agent, source = "", dict[str, bytes]()
    if options.agent:
        agent, source = making.source_files(options.agent, options.source)
    manifest = Manifest(
        suite=played.suite.title,
        division=played.name,
        entrant=entrant,
        agent=agent,
        hyperparameters=dict(settings(options.hyperparameters, "--hyperparameters")),
        source={name: digest(data) for name, data in source.items()},
        budget=played.budget,
        seeds=len(next(iter(runs.values()))) if runs else options.seeds or played.suite.seeds,
        tasks=tasks,
        declared=declared,
    )
    manifest = making.begin(path, manifest, source)
    if runs:
        return making.copy_runs(path, manifest, runs)
    with bar_of(len(manifest.expected), entrant, options.json) as bar:

        def show(done: int, of: int) -> None:
            if bar is not None:
                bar(done, "", of)

        return making.play_all(path, played, manifest, options.workers or os.cpu_count() or 1, show)


def _tasks(suite: Suite, patterns: list[str]) -> dict[str, dict[str, Any]]:
    """The chosen tasks with what pins them; those whose workload is not at hand cannot be entered."""
    out = {}
    for name in playing.chosen(suite, patterns, False):
        try:
            scenario = load_scenario(name)
        except ScenarioError as error:
            if isinstance(error.__cause__, WorkloadError):
                raise ArchgymError(f"{name} cannot be played here: {error.__cause__}") from error
            raise
        if not suite.tasks[name].fits(scenario):
            raise ArchgymError(
                f"task {name} is not what {suite.title} was recorded with; use the version of archgym that "
                "the suite belongs to"
            )
        out[name] = making.facts_of(scenario)
    return out


def _write_data(suite: Suite, options: argparse.Namespace) -> int:
    """What agents of the offline division are given, task by task."""
    options.data.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in _tasks(suite, options.tasks):
        scenario = load_scenario(name)
        data = offline_data(scenario, division(OFFLINE, suite).suite)
        file = options.data / trials_name(name, 0).replace("-seed0", "")
        write_text(file, text_of(scenario, data))
        infeasible = int((~data.evaluation.feasible).sum())
        rows.append([name, str(len(data)), str(infeasible), str(file)])
    if options.json:
        print_json(
            {"data": [dict(zip(("task", "designs", "infeasible", "file"), r)) for r in rows]}
        )
    else:
        print_table(["task", "designs", "infeasible", "file"], rows)
    return 0


def _told(path: Path, manifest: Manifest, claims: list[Claim], as_json: bool) -> int:
    if as_json:
        print_json(
            {
                "submission": str(path), "entrant": manifest.entrant, "runs": len(manifest.runs),
                "claims": [[c.question, c.verdict, c.text] for c in claims],
            }
        )  # fmt: skip
        return 0
    print_table(
        ["question", "", "answer"],
        [[c.question, c.verdict, c.text] for c in claims],
        title=f"{manifest.entrant}: {manifest.division} division, {len(manifest.runs)} runs",
    )
    print(f"{path}; judge it with archgym verify --leaderboard {path}")
    return 0
