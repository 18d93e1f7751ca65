"""Record the sources that each simulator's released keys stand for (``physics.json``).

A simulator whose figures are the recorded ones keeps its version: the change was one of form.  One
whose figures differ is recorded only under a new version.  Run by ``make physics``; simulators may be
named.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from archgym.contracts.simulator import Simulator
from archgym.errors import ArchgymError
from archgym.kernels.physics import RECORD, record_of, recorded
from archgym.registry import table

DESIGNS = 6
SAME = 1e-9  # relative: another machine's last bits


def classes(names: list[str]) -> list[tuple[str, type[Simulator]]]:
    out = []
    for name, entry in table("simulators").items():
        module, _, attribute = entry.partition(":")
        if module.startswith("archgym.") and (not names or name in names):
            out.append((name, getattr(import_module(module), attribute)))
    return out


def figures(cls: type[Simulator]) -> dict[str, Any]:
    """Designs of the default workload and what they come to; empty where nothing is the default."""
    try:
        simulator = cls()
    except ArchgymError:  # it needs a program or the like
        return {}
    x = simulator.space.sample(DESIGNS, np.random.default_rng(0))
    e = simulator.evaluate(x)
    if 2 * e.feasible.sum() < len(
        x
    ):  # too few to tell figures by: the default design and some near it
        start = simulator.space.encode([simulator.default_design()])
        near = simulator.space.neighbors(start[0])
        some = np.random.default_rng(0).permutation(len(near))[: DESIGNS - 1]
        x = np.concatenate([x, start, near[some]])
        e = simulator.evaluate(x)
    numbers = {
        name: [None if np.isnan(v) else float(v) for v in e.metrics[name]] for name in e.metrics
    }
    return {"designs": x.tolist(), "metrics": numbers}


def differ(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Metrics whose figures are not the recorded ones; none where the space is another one.

    Of designs that were recorded first, more may have been added since.
    """
    shared = min(len(before.get("designs", [])), len(now["designs"])) if before else 0
    if not shared or before["designs"][:shared] != now["designs"][:shared]:
        return []
    both = before["metrics"].keys() & now["metrics"].keys()
    old, new = ({k: np.array(f["metrics"][k][:shared], float) for k in both} for f in (before, now))
    return sorted(k for k in both if not np.allclose(old[k], new[k], SAME, 0.0, equal_nan=True))


def comparable(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether both hold the same designs and the same metrics."""
    return (
        before.get("designs") == now.get("designs")
        and before.get("metrics", {}).keys() == now.get("metrics", {}).keys()
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("simulators", nargs="*")
    refused = 0
    for name, cls in classes(parser.parse_args().simulators):
        file = Path(str(sys.modules[cls.__module__].__file__))
        record = recorded(file.parent)
        before, now = record.get(file.name, {}), record_of(cls)
        now["figures"] = figures(cls)
        changed = differ(before.get("figures", {}), now["figures"])
        if changed and before["version"] == now["version"]:
            print(f"{name}: {', '.join(changed)} differ; raise the version {cls.version!r} first")
            refused += 1
            continue
        if comparable(before.get("figures", {}), now["figures"]) and not changed:
            now["figures"] = before.get("figures", {})  # another machine's last bits are no news
        same = before.get("sources") == now["sources"]
        print(f"{name}: {'as recorded' if same else 'recorded'}, version {cls.version}")
        record[file.name] = now
        parts = [f"{json.dumps(k)}: {compact(v)}" for k, v in sorted(record.items())]
        (file.parent / RECORD).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    return refused


def compact(entry: dict[str, Any]) -> str:
    """One line a fact, so that a change of one is one line of a difference."""
    return (
        "{\n" + ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in entry.items()) + "\n}"
    )


if __name__ == "__main__":
    sys.exit(main())
