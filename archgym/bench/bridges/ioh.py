"""Runs on the suite as logs of IOHprofiler, for IOHanalyzer and iohinspector.

One JSON file an agent and task says which runs there are. Beside it a ``.dat`` file holds what each run
logged: the number of evaluations and ``raw_y`` whenever it fell, and once more at the end.  ``raw_y`` is the
normalised gap, so that targets mean the same on every task: 0 is the optimum, 1 the mean random design that
meets the specs, or nothing found.  With several objectives it is the share of the exact front's hypervolume
that is missing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...documents import parse_json
from ...files.text import write_text
from ...report.results import Results
from ...versions import versions
from ..scores import missing
from ..suite import Suite
from .names import file_name, made

FORMAT = "0.3.22"  # of the package `ioh` whose logs these look like
ATTRIBUTES = ["evaluations", "raw_y"]
Log = list[tuple[int, float]]


def write_logs(results: Results, suite: Suite, folder: Path) -> list[Path]:
    """Write the logs of every finished run of a sweep over the suite.

    Args:
        results: of the sweep.
        suite: the suite.
        folder: to write, one folder an agent inside.

    Returns:
        The JSON files, one an agent and task.

    Raises:
        StoreError: the folder cannot be written.
    """
    files = []
    numbers: dict[Any, int] = {name: i for i, name in enumerate(suite.tasks, 1)}
    for (agent, task), runs in results.tests.groupby(["label", "scenario"]):
        ordered: list[dict[Any, Any]] = runs.sort_values("seed").to_dict("records")
        logs = [log_of(results, suite, run) for run in ordered]
        space = results.sweep.scenarios[str(task)].space
        name, dimension = file_name(str(task)), sum(len(p) > 1 for p in space.parameters)
        where = folder / file_name(str(agent))
        data = (
            Path(f"data_f{numbers[task]}_{name}")
            / f"IOHprofiler_f{numbers[task]}_DIM{dimension}.dat"
        )
        made(where / data.parent)
        write_text(where / data, "".join(map(_rows, logs)))
        document = {
            "version": FORMAT, "suite": suite.title, "function_id": numbers[task],
            "function_name": str(task), "maximization": False,
            "algorithm": {"name": str(agent), "info": f"archgym {versions()['archgym']}"},
            "experiment_attributes": [{"anonymous": str(results.sweep.anonymous)}],
            "attributes": ATTRIBUTES,
            "scenarios": [
                {
                    "dimension": dimension, "path": data.as_posix(),
                    "runs": [_run(r["seed"], log) for r, log in zip(ordered, logs)],
                }
            ],
        }  # fmt: skip
        files.append(where / f"IOHprofiler_f{numbers[task]}_{name}.json")
        write_text(files[-1], json.dumps(document, indent=1) + "\n")
    return files


def log_of(results: Results, suite: Suite, run: dict[Any, Any]) -> Log:
    """When the gap of a run fell.

    Args:
        results: of the sweep.
        suite: the suite.
        run: a row of its runs.

    Returns:
        (evaluations, gap) from the first evaluation to the last, each gap below the one before it but for the
        last, which closes the run.
    """
    scenario = results.sweep.scenarios[run["scenario"]]
    certificate = results.targets[run["scenario"]].certificate
    if scenario.k > 1 and certificate is not None:
        joined = parse_json(run["front"] or "[]", "a run's front")
        steps = sorted({int(step) for step, _ in joined})
        gaps = missing(joined, certificate, steps)
    else:
        curve = parse_json(run["curve"] or "[]", "a run's curve")
        steps = [int(step) for step, _ in curve]
        gaps = suite.tasks[run["scenario"]].normalised([cost for _, cost in curve]).tolist()
    log: Log = [(1, 1.0)]
    for step, gap in zip(steps, gaps):
        if step == 1:
            log = [(1, gap)]
        elif gap < log[-1][1]:
            log.append((step, gap))
    if log[-1][0] < run["charged"]:
        log.append((int(run["charged"]), log[-1][1]))
    return log


def _rows(log: Log) -> str:
    return "\n".join([" ".join(ATTRIBUTES), *(f"{n} {gap:.10f}" for n, gap in log)]) + "\n"


def _run(seed: int, log: Log) -> dict[str, Any]:
    best = min(log, key=lambda row: row[1])
    return {
        "instance": int(seed) + 1, "evals": log[-1][0],
        "best": {"evals": best[0], "y": best[1], "x": []},
    }  # fmt: skip
