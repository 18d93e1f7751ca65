"""Certificates of all layers of three networks on six machines: how many are proved, how long that takes.

Every pair of layer and machine is one line of ``--rows FILE``; a second call goes on where the first was
stopped, and prints the table of what is there.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.workloads import resolve
from bench_accelerator import ARCHITECTURES, NETWORKS, baseline
from common import show


def measure(layer, machine, objective, seconds):
    """One certificate, started from the mapper at its default effort."""
    start = time.process_time()
    plain = find_mapping(layer, machine, objective=objective)
    mapper = time.process_time() - start
    assert isinstance(plain, Found)
    found = find_mapping(layer, machine, objective=objective, certify=True, seconds=seconds)
    return found.certificate.summary() | {"mapper_cpu_s": round(mapper, 4)}


def run(path, objective, seconds, machines):
    """Append the pairs that the file does not have yet."""
    done = {(r["machine"], r["layer"], r["objective"]) for r in rows_of(path)}
    find_mapping(Layer("w", K=4, C=4), load_architecture("nvdla"), objective="energy", certify=True)
    for name in machines:
        machine = baseline() if name == "archgym baseline" else load_architecture(name)
        for network in NETWORKS:
            for layer in resolve(network).layers:
                label = f"{network}/{layer.name}"
                if (name, label, objective) in done:
                    continue
                row = {"machine": name, "layer": label, "limit_s": seconds}
                row |= measure(layer, machine, objective, seconds)
                with path.open("a") as out:
                    out.write(json.dumps(row) + "\n")


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows, objective):
    """One line a machine: proved, gaps, times, and how far the mapper was from proved optima."""
    out = []
    for name in (*ARCHITECTURES, "all"):
        some = [r for r in rows if r["objective"] == objective and name in (r["machine"], "all")]
        if not some:
            continue
        gaps = np.array([r["gap"] for r in some])
        seconds = np.array([r["cpu_s"] for r in some])
        known = [r["start"] / r["value"] - 1 for r in some if r["proved"] and r["start_inside"]]
        out.append(
            {
                "machine": name,
                "pairs": len(some),
                "proved": f"{sum(r['proved'] for r in some) / len(some):.0%}",
                "within 2 %": f"{np.mean(gaps <= 0.02):.0%}",
                "worst gap": f"{gaps.max():.1%}",
                "median CPU s": f"{np.median(seconds):.3f}",
                "worst CPU s": f"{seconds.max():.1f}",
                "mapper within 1 % of proved": f"{np.mean(np.array(known) <= 0.01):.0%} of {len(known)}"
                if known
                else "-",
                "mapper worst": f"{max(known):+.1%}" if known else "-",
                "mapper outside": sum(not r["start_inside"] for r in some),
            }
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, default=Path("certificates.jsonl"))
    parser.add_argument("--objective", default="energy")
    parser.add_argument("--seconds", type=float, default=10.0, help="CPU time of a pair")
    parser.add_argument("--machines", nargs="*", default=list(ARCHITECTURES))
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.table:
        run(given.rows, given.objective, given.seconds, given.machines)
    title = f"certificates, {given.objective}, at most {given.seconds:g} s a pair"
    show(title, table(rows_of(given.rows), given.objective), given.json)


if __name__ == "__main__":
    main()
