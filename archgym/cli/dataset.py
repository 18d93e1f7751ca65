"""``archgym export`` and ``archgym dataset``: evaluations as files for other tools."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from .. import trust
from ..domains import domains
from ..errors import ArchgymError, UnknownNameError
from ..files.text import write_text
from ..terminal.output import bar_of, busy, print_json, print_table


def add_to(words: Any) -> None:
    """Add both words to the parser.

    Args:
        words: the subparsers of the program; two are added.
    """
    p = words.add_parser(
        "export",
        help="runs and sweeps as one data set (Parquet, CSV, Minari), or as studies of Optuna",
    )
    p.add_argument("runs", type=Path, nargs="+", help="run folders, or sweeps that kept trials")
    p.add_argument(
        "--to",
        required=True,
        help="data.parquet, data.csv, minari:NAME/ID-v0, or optuna.db (one study per run, for Optuna's dashboard)",
    )
    p.add_argument("--json", action="store_true")
    p.set_defaults(go=export)
    p = words.add_parser("dataset", help="describe, merge, split, import data sets")
    verbs = p.add_subparsers(dest="verb", metavar="VERB", required=True)
    v = verbs.add_parser("info", help="what is in a data set")
    v.add_argument("data", type=Path, help="a data set, or the name of one that ships")
    v.add_argument(
        "--card", type=Path, help="write the card (Markdown) here (default: show it, write nothing)"
    )
    v.add_argument("--json", action="store_true")
    v.set_defaults(go=info)
    v = verbs.add_parser("sample", help="evaluate designs of a scenario, drawn uniformly")
    v.add_argument("scenario", help="name or .yaml file")
    v.add_argument(
        "--rows", type=int, default=20_000, metavar="DESIGNS", help="how many (default 20,000)"
    )
    v.add_argument("--seed", default=0)
    v.add_argument(
        "--answers",
        default="",
        metavar="KIND",
        help="who answers, such as table, to look answers up (default: the simulator)",
    )
    v.add_argument("--to", type=Path, required=True, help="the Parquet file to write")
    v.add_argument("--json", action="store_true")
    v.set_defaults(go=sample)
    v = verbs.add_parser(
        "samples", help="the data sets that ship, made again by the domains' scenarios"
    )
    v.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    v.add_argument("--to", type=Path, required=True, help="folder; writes NAME.parquet")
    v.set_defaults(go=samples)
    v = verbs.add_parser("merge", help="several of one space in one file, duplicates dropped")
    v.add_argument("data", type=Path, nargs="+", help="data sets, in order")
    v.add_argument("--to", type=Path, required=True, help="the Parquet file to write")
    v.add_argument(
        "--keep-duplicates",
        action="store_true",
        help="keep every row (default: the first of rows that must be alike)",
    )
    v.set_defaults(go=merge)
    v = verbs.add_parser("split", help="training and test rows without leakage")
    v.add_argument("data", type=Path, help="a data set, or the name of one that ships")
    v.add_argument(
        "--by", default="random", help="what is held out: random, agent, region or workload"
    )
    v.add_argument(
        "--hold-out",
        default="",
        metavar="NAME",
        help="which agent, knob or workload (default: the one whose share is nearest to --test)",
    )
    v.add_argument(
        "--test", type=float, default=0.2, metavar="SHARE", help="of the rows (default 0.2)"
    )
    v.add_argument("--seed", default=0)
    v.add_argument("--train-to", type=Path, required=True, help="file for the rows to learn from")
    v.add_argument("--test-to", type=Path, required=True, help="file for the rows held out")
    v.set_defaults(go=split)
    v = verbs.add_parser(
        "import",
        help="CSV or Parquet of another simulator; columns that are no metric are knobs",
    )
    v.add_argument("table", type=Path, nargs="+", help="one file, or several with the same rows")
    v.add_argument(
        "--metric",
        action="append",
        required=True,
        metavar="COLUMN[=UNIT]",
        help="a column that is a metric, in an SI unit; repeatable",
    )
    v.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column to leave out; repeatable (default: none)",
    )
    v.add_argument(
        "--feasible",
        default="",
        metavar="COLUMN",
        help="says whether a design works (default: one without metrics does not)",
    )
    v.add_argument(
        "--reason",
        default="",
        metavar="COLUMN",
        help="says why a design does not work (default: none)",
    )
    v.add_argument(
        "--workload",
        default="",
        metavar="COLUMN",
        help="names the workload of a row (default: --name)",
    )
    v.add_argument(
        "--agent", default="", metavar="COLUMN", help="names who proposed a row (default: imported)"
    )
    v.add_argument("--name", default="imported", help="of the simulator (default: imported)")
    v.add_argument("--to", type=Path, required=True, help="the Parquet file to write")
    v.set_defaults(go=import_)


def export(options: argparse.Namespace) -> int:
    """Write every trial of runs and sweeps into one file or data set.

    Args:
        options: the parsed command line: folders and target.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: the target is of no known kind, or a folder holds no trials.
    """
    from ..collection.optuna_file import SUFFIXES

    target = str(options.to)
    kind = Path(target).suffix
    if not (target.startswith("minari:") or kind in (".parquet", ".csv", *SUFFIXES)):
        raise ArchgymError(
            f"--to {target}: expected a .parquet or .csv file, minari:NAME/ID-v0, or a {', '.join(SUFFIXES)} file "
            "for Optuna"
        )
    with trust.looking("export"):
        if target.startswith("minari:"):
            return _to_minari(options, target.removeprefix("minari:"))
        return (_to_optuna if kind in SUFFIXES else _to_data)(options, Path(target))


def _to_minari(options: argparse.Namespace, name: str) -> int:
    from ..collection.formats import to_minari

    name, episodes = to_minari(options.runs, name)
    if options.json:
        print_json({"data": name, "episodes": episodes})
    else:
        print(f"Minari data set {name}: {episodes} episodes")
    return 0


def _to_optuna(options: argparse.Namespace, path: Path) -> int:
    from ..collection.optuna_file import to_optuna_file

    with bar_of(1, "trials", options.json) as bar:
        told = None if bar is None else lambda n: bar(n, "", n)
        studies, trials = to_optuna_file(options.runs, path, told)
    if options.json:
        print_json({"data": str(path), "studies": studies, "trials": trials})
    else:
        print(
            f"{path}: {studies} studies, {trials:,} trials; see optuna-dashboard sqlite:///{path}, or "
            f"optuna.load_study in Python"
        )
    return 0


def _to_data(options: argparse.Namespace, path: Path) -> int:
    from ..collection.export import export as write
    from ..collection.formats import to_csv

    with bar_of(1, "rows", options.json) as bar:
        told = None if bar is None else lambda n: bar(n, "", n)
        if path.suffix == ".parquet":
            rows, _ = write(options.runs, path, told)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as place:
                parquet = Path(place, "data.parquet")
                rows, _ = write(options.runs, parquet, told)
                to_csv(parquet, path)
    if options.json:
        print_json({"data": str(path), "rows": rows})
    else:
        print(f"{path}: {rows:,} evaluations; see archgym dataset info {path}")
    return 0


def info(options: argparse.Namespace) -> int:
    """Show a data set's card, or write it into a file.

    Args:
        options: the parsed command line: data set, file for the card, JSON or not.

    Returns:
        The exit code, 0.
    """
    from ..datasets.card import card
    from ..datasets.operations import diversity
    from ..datasets.reader import Dataset
    from ..datasets.shipped import found

    data = Dataset(found(options.data))
    if options.json:
        d = data.description
        print_json(
            {
                "rows": len(data),
                "knobs": [
                    {"name": p.name, "values": list(p.values), "unit": p.unit}
                    for p in d.space.parameters
                ],
                "metrics": [m.to_document() for m in d.metrics],
                "feasible": int(data.feasible.sum()),
                "fingerprints": d.fingerprints,
                "sources": list(d.sources),
                "diversity": diversity(data).to_dict("records"),
            }
        )
        return 0
    text = card(data)
    if options.card:
        write_text(options.card, text)
        print(f"{options.card}")
    else:
        print(text)
    return 0


def sample(options: argparse.Namespace) -> int:
    """Evaluate designs of a scenario, drawn uniformly, and write them into a Parquet file.

    Args:
        options: the parsed command line: scenario, number of designs, seed, who answers, target.

    Returns:
        The exit code, 0.
    """
    from ..collection.sample import sample as draw
    from ..goals.scenario_file import load_scenario

    scenario = load_scenario(options.scenario)
    with bar_of(options.rows, "designs", options.json) as bar:
        rows, _ = draw(
            scenario, options.rows, options.to, answers=options.answers, seed=options.seed,
            on_progress=None if bar is None else lambda n: bar(n, "", n),
        )  # fmt: skip
    if options.json:
        print_json({"data": str(options.to), "rows": rows})
    else:
        print(f"{options.to}: {rows:,} rows; see archgym dataset info {options.to}")
    return 0


def samples(options: argparse.Namespace) -> int:
    """Make the data sets that ship anew, as the domains describe them.

    Args:
        options: the parsed command line: names (none: all of them) and target folder.

    Returns:
        The exit code, 0.

    Raises:
        UnknownNameError: no domain has a data set of that name.
    """
    from ..collection.sample import sample as draw
    from ..goals.scenario_file import load_scenario

    known = {name: s for d in domains().values() for name, s in d.samples.items()}
    for name in options.names or known:
        if name not in known:
            raise UnknownNameError("data set of a domain:", name, known)
        target = options.to / f"{name}.parquet"
        with busy(f"{name} …", False):
            rows, _ = draw(load_scenario(known[name].scenario), known[name].rows, target)
        print(f"{target}: {rows:,} rows of {known[name].scenario}")
    return 0


def merge(options: argparse.Namespace) -> int:
    """Merge data sets, and say how many rows were dropped as duplicates.

    Args:
        options: the parsed command line: data sets, target, whether duplicates are kept.

    Returns:
        The exit code, 0.
    """
    from ..datasets.operations import merge as join

    with busy("merging …", False):
        rows, dropped = join(options.data, options.to, keep_duplicates=options.keep_duplicates)
    print(f"{options.to}: {rows:,} rows, {dropped:,} duplicates dropped")
    return 0


def split(options: argparse.Namespace) -> int:
    """Split a data set into training and test rows, and say what is held out.

    Args:
        options: the parsed command line: data set, kind of split, share of test rows, seed, both targets.

    Returns:
        The exit code, 0.
    """
    from ..datasets.operations import split as part
    from ..datasets.operations import write_split
    from ..datasets.reader import Dataset
    from ..datasets.shipped import found

    data = Dataset(found(options.data))
    parts = part(data, options.by, test=options.test, seed=options.seed, hold_out=options.hold_out)
    write_split(data, parts, options.train_to, options.test_to)
    gone = len(data) - len(parts.train) - len(parts.test)
    print_table(
        ["side", "rows", "file"],
        [
            ["train", f"{len(parts.train):,}", options.train_to],
            ["test", f"{len(parts.test):,}", options.test_to],
        ],
        title=f"Held out: {parts.held_out}; {gone:,} rows on neither side, as their designs are on both",
    )
    return 0


def import_(options: argparse.Namespace) -> int:
    """Make a data set from the table of another simulator.

    Args:
        options: the parsed command line: files, the role of each column, name, target.

    Returns:
        The exit code, 0.

    Raises:
        ArchgymError: a column is named as a metric twice.
    """
    from ..datasets.foreign import Roles, import_table

    pairs = [m.partition("=")[::2] for m in options.metric]
    twice = sorted({name for name, _ in pairs if sum(n == name for n, _ in pairs) > 1})
    if twice:
        raise ArchgymError(f"--metric names column {twice[0]!r} twice")
    roles = Roles(options.feasible, options.reason, options.workload, options.agent)
    rows, left_out = import_table(
        options.table, options.to, dict(pairs), ignore=options.ignore, roles=roles,
        name=options.name,
    )  # fmt: skip
    note = f"; left out: {', '.join(left_out)}" if left_out else ""
    print(f"{options.to}: {rows:,} rows{note}")
    return 0
