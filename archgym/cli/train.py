"""``archgym train``: a proxy cost model from a data set, and what it is worth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArchgymError
from ..terminal.output import plain, print_json, print_table, settings, steps_of

if TYPE_CHECKING:
    from ..proxies.proxy import Proxy

CHOICES = ("auto", "knobs", "structure")
SPLITS = "random,agent,region,workload"


def add_to(words: Any) -> None:
    """Add the word to the parser.

    Args:
        words: the subparsers of the program; one is added.
    """
    p = words.add_parser("train", help="a proxy cost model from a data set")
    p.add_argument(
        "data",
        type=Path,
        help="a file of archgym export or dataset sample, or the name of one that ships (dram, soc …)",
    )
    p.add_argument("--model", default="gradient_boosting", help="see `archgym list cost_models`")
    p.add_argument("--output", type=Path, required=True, help="folder of the proxy")
    p.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyperparameter of the model; repeatable (default: the model's)",
    )
    p.add_argument(
        "--tune",
        type=int,
        default=0,
        metavar="DRAWS",
        help="of hyperparameters to try first (default 0)",
    )
    p.add_argument(
        "--splits", default=SPLITS, help=f"which kinds of held-out rows to report ({SPLITS})"
    )
    p.add_argument(
        "--test", type=float, default=0.2, metavar="SHARE", help="of rows held out (default 0.2)"
    )
    p.add_argument(
        "--features",
        choices=CHOICES,
        default="auto",
        help="what models see: the knobs; structure: the simulator's own features beside them; auto "
        "(default): these where the simulator has some",
    )
    p.add_argument("--seed", default=0)
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=go)


def go(options: argparse.Namespace) -> int:
    """Report the quality on held-out rows, then train on all rows and save the proxy.

    Args:
        options: the parsed command line: data set, model with its settings, splits, target, JSON or not.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: both ``--set`` and ``--tune`` are given.
    """
    from ..datasets.reader import Dataset
    from ..datasets.shipped import found
    from ..files.text import write_json
    from ..proxies.hooks import simulators_for
    from ..proxies.report import hyperparameters, split_qualities, tuned
    from ..proxies.rows import Rows
    from ..proxies.training import train

    data = Dataset(found(options.data))
    hyper = hyperparameters(settings(options.set, "--set"), options.model)
    if options.tune and hyper:
        raise ArchgymError("give either --set or --tune, not both")
    wanted = [s for s in options.splits.split(",") if s]
    with steps_of(options.tune + len(wanted) + 2, "train", options.json) as step:
        step(f"reading {data.path}")
        rows = Rows.of(data)
        simulators = simulators_for(options.features, rows)
        if options.tune:
            hyper = tuned(rows, options.model, options.tune, options.seed, step, simulators)
        table, skipped = split_qualities(
            data, rows, options.model, hyper, wanted, test=options.test, seed=options.seed,
            on_step=step, simulators=simulators,
        )  # fmt: skip
        step(f"training on all {len(rows):,} rows")
        proxy = train(
            rows, options.model, seed=options.seed, hyperparameters=hyper, simulators=simulators
        )
    proxy.save(options.output)
    seen = "knobs" if proxy.structure is None else "structure"
    write_json(
        options.output / "report.json",
        plain({"qualities": table, "skipped": skipped, "hyperparameters": hyper}),
    )
    if options.json:
        print_json(
            {
                "proxy": str(options.output),
                "digest": proxy.digest,
                "features": seen,
                "qualities": table,
                "skipped": skipped,
            }
        )
        return 0
    _tell(proxy, table, skipped, len(rows), options.output)
    return 0


def _tell(
    proxy: Proxy, table: list[dict[str, Any]], skipped: dict[str, str], rows: int, folder: Path
) -> None:
    """Print what a proxy is worth on held-out rows, what it sees, and where it lies."""
    print_table(
        ["held out", "metric", "rows", "RMSE / mean", "MAPE", "R²", "tau", "top 1 %", "coverage", "width / RMSE"],
        [
            [
                q["held_out"], q["metric"], q["rows"], _share(q["relative_rmse"]), _share(q["mape"]),
                f"{q['r2']:.4f}", f"{q['tau']:.3f}", f"{q['top_recall']:.2f}", f"{q['coverage']:.1%}",
                f"{q['width']:.2f}",
            ]
            for q in table
        ],
        title=f"{proxy.model} on rows it did not see, intervals of 90 %",
    )  # fmt: skip
    for metric, zeros in {q["metric"]: q["zeros"] for q in table if q["zeros"]}.items():
        print(
            f"MAPE of {metric} is n/a: {zeros} true values are 0 or next to it, and no error is a share of "
            "them"
        )
    for name, reason in skipped.items():
        print(f"split {name}: {reason}")
    for name, value in proxy.facts["constant"].items():
        print(f"{name} is {value:g} in every row; the proxy takes it for a constant")
    if proxy.structure is not None:
        print(
            f"It sees {len(proxy.structure.names)} features of simulator {proxy.structure.simulator!r} beside "
            "the knobs (--features knobs leaves them out)"
        )
    print(f"Proxy of all {rows:,} rows: {folder}; use it with --answers proxy:{folder}")


def _share(value: float) -> str:
    """A share in percent; n/a where there is none."""
    return f"{value:.3%}" if np.isfinite(value) else "n/a"
