"""``archgym cluster draw``: timeline and roofline of a design, what a run's designs cost by their time."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from archgym.contracts.drawing import Drawing
from archgym.errors import ArchgymError
from archgym.figures.front import front
from archgym.goals.objectives import Expression, Objective
from archgym.goals.trials import Trials
from archgym.runs.drawings import write_drawings
from archgym.runs.keeping import load
from archgym.runs.named import chosen
from archgym.runs.naming import title_of

from .simulator import ClusterSimulator


def add_draw(parser: argparse.ArgumentParser) -> None:
    """What ``archgym cluster draw`` takes, and that it draws.

    Args:
        parser: of this command; arguments are added to it.
    """
    parser.add_argument("what", help="a run folder (its best design), or a cluster scenario")
    parser.add_argument(
        "--design", help="knobs to change: NAME=VALUE,… or a .yaml file (default: none)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the page (default: drawing.html, in the run folder if there is one)",
    )
    parser.set_defaults(go=_draw)


def _draw(options: argparse.Namespace) -> None:
    path = Path(options.what)
    scenario, design = chosen(options.what, options.design)
    if not isinstance(scenario.simulators[0], ClusterSimulator):
        raise ArchgymError(f"{options.what} is no cluster scenario; this command draws those")
    drawings = [drawing for s in scenario.simulators for drawing in s.draw(design)]
    if path.is_dir():
        drawings.append(cost_by_time(path))
    target = options.output or (path / "drawing.html" if path.is_dir() else Path("drawing.html"))
    write_drawings(title_of(scenario), drawings, target)
    print(f"Page: {target} ({', '.join(d.title for d in drawings)})")


def cost_by_time(folder: Path) -> Drawing:
    """What the network of a run's designs costs against how long a step takes, whatever was searched for.

    Args:
        folder: of a run of a cluster scenario.

    Returns:
        The drawing, of every feasible trial.
    """
    run = load(folder)
    metrics = run.scenario.simulators[0].metrics
    both = tuple(Objective(Expression.parse(n, metrics)) for n in ("time", "network_cost"))
    scenario = dataclasses.replace(run.scenario, objectives=both)
    drawn = front(scenario, Trials.of(scenario, run.trials.x, run.trials.evaluation))
    return Drawing("Network cost against time", "Every feasible trial of the run, by specs.", drawn)
