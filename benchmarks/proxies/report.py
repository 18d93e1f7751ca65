"""The tables of ``docs/studies/proxies.md`` from the folder of study.py.

python benchmarks/proxies/report.py FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from cases import CASES

SHORT = {"random_forest": "forest", "gradient_boosting": "boosting", "mlp_ensemble": "network"}


def read(folder: Path, name: str) -> Any:
    """A step's result, or nothing where it was not done."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def table(header: list[str], rows: list[list[Any]]) -> None:
    """A Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(c) for c in row) + " |")
    print()


def percent(value: float) -> str:
    """Two digits of a share."""
    return f"{100 * value:.2f} %" if value == value else "-"


def accuracy(folder: Path) -> None:
    """Errors on fresh designs."""
    rows = []
    for case in CASES:
        for model, _ in case.models():
            found = read(folder, f"accuracy-{case.name}-{model}")
            if found is None:
                continue
            for q in found["qualities"]:
                if q["metric"] in case.metrics:
                    rows.append(
                        [
                            case.name, f"{found['rows']:,}", SHORT[model], q["metric"],
                            percent(q["relative_rmse"]), percent(q["median_ape"]), percent(q["log_rmse"]),
                            f"{q['r2']:.4f}", f"{q['tau']:.3f}", percent(q["top_recall"]),
                            percent(q["coverage"]), f"{q['width']:.2f}",
                        ]
                    )  # fmt: skip
    table(
        ["data", "rows", "model", "metric", "RMSE / mean", "median error", "RMSE of log", "R²", "tau",
         "top 1 % found", "coverage at 90 %", "width / RMSE"],
        rows,
    )  # fmt: skip


def speeds(folder: Path) -> None:
    """Time a design: simulator, proxy in a batch, proxy alone."""
    rows = []
    for case in CASES:
        for r in read(folder, f"speed-{case.name}") or []:
            rows.append(
                [
                    case.name, SHORT[r["model"]], f"{r['simulator_us']:,.0f}", f"{r['batch_us']:.1f}",
                    f"{1e6 / r['batch_us']:,.0f}", f"{r['single_us']:,.0f}",
                    f"{r['simulator_us'] / r['batch_us']:,.1f}x", f"{50_000 / r['batch_us']:,.0f}x",
                ]
            )  # fmt: skip
    table(
        ["data", "model", "simulator, us", "proxy, us", "designs/s", "one design alone, us",
         "over our simulator", "over ArchGym's 50 ms"],
        rows,
    )  # fmt: skip


def others(folder: Path) -> None:
    """DRAMSys rows, held-out splits, curves, diversity, escalation."""
    print("### Rows of DRAMSys itself\n")
    rows = [
        [r["trace"], r["metric"], r["rows"], percent(r["median"]), percent(r["worst"])]
        for r in read(folder, "dramsys") or []
    ]
    table(["trace", "metric", "rows", "median error", "worst"], rows)
    print("### Held-out regions and workloads (boosting)\n")
    rows = []
    for case in CASES:
        for q in read(folder, f"splits-{case.name}") or []:
            if q["metric"] in case.metrics:
                rows.append(
                    [case.name, q["held_out"], q["metric"], percent(q["relative_rmse"]),
                     percent(q["median_ape"]), f"{q['tau']:.3f}", percent(q["coverage"])]
                )  # fmt: skip
    table(["data", "held out", "metric", "RMSE / mean", "median error", "tau", "coverage"], rows)
    print("### Learning curves: RMSE over mean\n")
    for case in CASES:
        found = read(folder, f"curve-{case.name}")
        if found:
            models = list(dict.fromkeys(r["model"] for r in found))
            keys = list(dict.fromkeys((r["n"], r["metric"]) for r in found))
            cells = {(r["n"], r["metric"], r["model"]): percent(r["relative_rmse"]) for r in found}
            print(f"{case.name}:\n")
            table(
                ["rows", "metric", *models],
                [[f"{n:,}", m, *(cells.get((n, m, k), "-") for k in models)] for n, m in keys],
            )
    print(
        "### One agent's data against a mixture of the same size (forest, judged on uniform designs)\n"
    )
    rows = [
        [
            r["data"],
            r["size"] or "equal",
            r["metric"],
            percent(r["relative_rmse"]),
            f"{r['tau']:.3f}",
        ]
        for r in read(folder, "diversity") or []
    ]
    table(["learnt from", "rows", "metric", "RMSE / mean", "tau"], rows)
    print("### Escalating searches, 2,000 evaluations asked for, ten seeds\n")
    rows = []
    for path in sorted(folder.glob("escalation-*.json")):
        found = json.loads(path.read_text())
        rows.append(
            [
                path.stem.removeprefix("escalation-"), f"{median(r['true'] for r in found):,.0f}",
                f"{median(r['escalated'] for r in found):,.0f}",
                f"{median(r['true'] / r['escalated'] for r in found):.1f}x",
                percent(median(r["gap"] for r in found)), percent(max(r["gap"] for r in found)),
            ]
        )  # fmt: skip
    table(
        ["search", "evaluations, simulator", "evaluations, escalating", "median ratio",
         "median gap of the best", "worst gap"],
        rows,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what study.py wrote")
    folder = parser.parse_args().folder
    if not folder.is_dir():
        parser.error(f"no folder {folder}: run benchmarks/proxies/study.py {folder} first")
    print("### Fresh designs\n")
    accuracy(folder)
    print("### Speed, one core\n")
    speeds(folder)
    others(folder)


if __name__ == "__main__":
    main()
