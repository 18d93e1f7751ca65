"""Speed of the block-PPA flow against an older revision, in one run.

    python benchmarks/ffet_versions.py --old f5b19a1
    python benchmarks/ffet_versions.py --old f5b19a1 --compile

Both revisions are taken from git into a folder and run by turns in processes of their own, so that
what else the machine does falls on both.  Prints CPU seconds of one design on a cached placement,
single-sided, dual-sided and at a modest target, their ratios, and the periods reached; or, with
``--compile``, CPU seconds from an empty cache of kernels to the first block.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

INSIDE = ("simulators", "agents", "cost_models", "scenarios")  # of the import package
CASES = ("single-sided", "dual-sided", "1 GHz")
PROGRAM = """
import json, sys, time
from archgym.simulators.ffet import BlockPPASimulator
try:
    from archgym.simulators.ffet.choices import Choices
except ImportError:
    from archgym.simulators.ffet.flow import Choices
core, seeds, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = BlockPPASimulator(core, placements=1, threads=1)
cases = [
    Choices(target_ghz=6.0),
    Choices(target_ghz=6.0, back_layers=12, back_pin_share=0.5),
    Choices(target_ghz=1.0),
]
out = []
for c in cases:
    s.build_one(c, 0)
    spent, periods = [], []
    for seed in range(seeds):
        s.build_one(c, seed)
        times = []
        for _ in range(repeats):
            start = time.process_time()
            block, _ = s.build_one(c, seed)
            times.append(time.process_time() - start)
        spent.append(min(times))
        periods.append(block.period_ps)
    out.append((sum(spent) / seeds, sum(periods) / seeds))
print(json.dumps(out))
"""

FIRST = """
import json, sys, time
from archgym.simulators.ffet import BlockPPASimulator
try:
    from archgym.simulators.ffet.choices import Choices
except ImportError:
    from archgym.simulators.ffet.flow import Choices
s = BlockPPASimulator(sys.argv[1], placements=1, threads=1)
dual = Choices("ffet-3.5t", target_ghz=6.0, back_layers=12, back_pin_share=0.5)
block, _ = s.build_one(dual, 0)
print(json.dumps([(time.process_time(), block.period_ps)]))
"""


def unpacked(revision: str, folder: Path) -> Path:
    """A revision as an importable folder; the working tree where ``revision`` is empty."""
    target = folder / (revision or "now")
    parts = [*INSIDE, "archgym"]
    if revision:
        packed = subprocess.run(
            ["git", "archive", revision, *parts], capture_output=True, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(target, filter="data")
        for part in INSIDE:
            (target / part).rename(target / "archgym" / part)
    else:
        target.mkdir()
        (target / "archgym").mkdir()
        root = Path(__file__).parents[1]
        for item in (root / "archgym").iterdir():
            (target / "archgym" / item.name).symlink_to(item)
        for part in INSIDE:
            (target / "archgym" / part).symlink_to(root / part)
    return target


def measured(folder: Path, program: str, *words: object) -> np.ndarray:
    env = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as cache:
        if program == FIRST:
            env["ARCHGYM_CACHE_DIR"] = cache
        line = [sys.executable, "-c", program, *map(str, words)]
        told = subprocess.run(line, env=env, cwd=folder, capture_output=True, text=True, check=True)
    return np.array(json.loads(told.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", required=True, help="a revision of git")
    parser.add_argument("--core", default="picorv32")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--compile", action="store_true", help="to the first block, nothing cached")
    given = parser.parse_args()
    what = (PROGRAM, given.core, given.seeds, given.repeats)
    if given.compile:
        what = (FIRST, given.core)
    with tempfile.TemporaryDirectory() as name:
        both = [unpacked(revision, Path(name)) for revision in (given.old, "")]
        runs = np.array([[measured(f, *what) for f in both] for _ in range(given.turns)])
    old, new = runs.min(axis=0)
    for case, (a, p), (b, q) in zip(["first block"] if given.compile else CASES, old, new):
        spent = f"{1e3 * a:.0f} ms at {given.old}, {1e3 * b:.0f} ms now"
        if given.compile:
            spent = f"{a:.1f} s at {given.old}, {b:.1f} s now"
        print(f"{case}: {spent}: {a / b:.1f} times as fast; period {p:.1f} and {q:.1f} ps")  # fmt: skip


if __name__ == "__main__":
    main()
