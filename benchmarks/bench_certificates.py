"""Certificates of all layers of three networks on six machines: how many are proved, how long that takes.

Every pair of layer and machine is one line of ``--rows FILE``; a second call goes on where the first was
stopped, and prints the table of what is there. ``--llm`` takes layers of language models on a machine of
three levels instead.
"""

import argparse
import itertools
import json
import time
from pathlib import Path

import numpy as np
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.layers import Layer
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping
from archgym.simulators.accelerator.workloads import resolve
from bench_accelerator import ARCHITECTURES, NETWORKS, baseline
from common import show

LLM = (  # products of language models: tokens are P, batch or heads that share weights G
    Layer("decode 4096x4096", K=4096, C=4096),
    Layer("prefill 4096x4096, 2048 tokens", K=4096, C=4096, P=2048),
    Layer("gpt-2 ffn, 1024 tokens", K=3072, C=768, P=1024),
    Layer("scores, 8 groups of 4 queries, 2048 keys", G=8, K=2048, C=128, P=4),
    Layer("scores, 8 groups, 512 tokens", G=8, K=512, C=128, P=2048),
    Layer("expert 4096x14336, 16 tokens", K=14336, C=4096, P=16),
)


def three_levels():
    """DRAM, a buffer of 64 KiB and 16 x 16 register files of 64 words."""

    def level(name, pj, **more):
        return Level(name, read_pj=pj, write_pj=pj, update_pj=pj, may_keep="WIO", **more)

    levels = (
        level("DRAM", 200.0, shared_bits=128.0, must_keep="WIO"),
        level("GLB", 6.0, size_bits=524288.0, shared_bits=512.0, fanout=(16, 16), must_keep=""),
        level("RF", 1.0, size_bits=1024.0, must_keep="WIO"),
    )
    return Architecture("three levels", levels, 1.0, clock_hz=1e9)


def measure(layer, machine, objective, seconds):
    """One certificate, started from the mapper at its default effort."""
    start = time.process_time()
    plain = find_mapping(layer, machine, objective=objective)
    mapper = time.process_time() - start
    assert isinstance(plain, Found)
    found = find_mapping(layer, machine, objective=objective, certify=True, seconds=seconds)
    return found.certificate.summary() | {"mapper_cpu_s": round(mapper, 4)}


def pairs(machines, llm):
    """(machine's name, machine, label, layer) of every pair."""
    if llm:
        for layer in LLM:
            yield "three levels", three_levels(), layer.name, layer
        return
    for name in machines:
        machine = baseline() if name == "archgym baseline" else load_architecture(name)
        for network in NETWORKS:
            for layer in resolve(network).layers:
                yield name, machine, f"{network}/{layer.name}", layer


def run(path, objective, seconds, chosen):
    """Append the pairs that the file does not have yet."""
    done = {(r["machine"], r["layer"], r["objective"]) for r in rows_of(path)}
    find_mapping(Layer("w", K=4, C=4), load_architecture("nvdla"), objective="energy", certify=True)
    for name, machine, label, layer in chosen:
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
    for name in (*ARCHITECTURES, "three levels", "all"):
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
    parser.add_argument("--llm", action="store_true", help="layers of language models")
    parser.add_argument("--every", type=int, default=1, help="of the pairs: every second, third")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not given.table:
        chosen = itertools.islice(pairs(given.machines, given.llm), 0, None, given.every)
        run(given.rows, given.objective, given.seconds, chosen)
    title = f"certificates, {given.objective}, at most {given.seconds:g} s a pair"
    show(title, table(rows_of(given.rows), given.objective), given.json)


if __name__ == "__main__":
    main()
