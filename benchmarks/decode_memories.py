"""Which memory for a language model that decodes: at equal pins, equal capacity, equal energy.

    python benchmarks/decode_memories.py [--pins 128] [--capacity 16] [--energy 8] [--requests 3000] [--gap 1]

Every organisation of every family plays the same key-value reads under an ordinary controller and the named
address mappings; of each family the organisation that ends first is shown.  Prints the tables of
docs/studies/decode_memories.md.
"""

from __future__ import annotations

import argparse
from typing import Any

from archgym.simulators.dram.memory.families import FAMILIES
from archgym.simulators.dram.memory.simulator import MemorySimulator

from archgym.errors import ArchgymError
from archgym.units import format_quantity

COLUMNS = ("memory", "organisation", "mapping", "bandwidth", "p99 latency", "pJ/bit", "pins", "GiB")


def rows(family: str, workload: str, held: dict[str, Any]) -> list[dict[str, Any]]:
    """Every organisation of a family under every named mapping: design and metrics in one."""
    try:
        simulator = MemorySimulator(workload, device=family, **held)
    except ArchgymError:  # nothing of this family has so many
        return []
    start, space = simulator.default_design(), simulator.space
    names = ("speed_bin", "channels", "channel_width", "ranks", "address_mapping")
    designs = [start]
    for name in names:
        values = space.parameters[space.names.index(name)].values
        designs = [{**d, name: v} for d in designs for v in values]
    x = space.encode(designs)
    x = x[space.is_valid(x)]
    e = simulator.evaluate(x)
    out = []
    for i, design in enumerate(space.decode(x)):
        if e.feasible[i]:
            metrics = {name: float(e.metrics[name][i]) for name in e.metrics}
            out.append({"family": family, **metrics, "design": design})
    return out


def line(row: dict[str, Any]) -> str:
    """A row of a Markdown table."""
    d = row["design"]
    energy = f"{row['energy_per_bit'] * 1e12:.1f}" if "energy_per_bit" in row else "-"
    cells = (
        d["speed_bin"],
        f"{d['channels']} x {d['channel_width']} pins, {d['ranks']} rank{'s' if d['ranks'] > 1 else ''}",
        d["address_mapping"],
        format_quantity(row["bandwidth"], "B/s"),
        format_quantity(row["p99_latency"], "s"),
        energy,
        f"{row['pins']:.0f}",
        f"{row['capacity'] / (1 << 30):g}",
    )
    return "| " + " | ".join(cells) + " |"


def show(title: str, found: list[dict[str, Any]]) -> None:
    """The rows as a Markdown table, the fastest first."""
    print(f"\n{title}\n\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for row in sorted(found, key=lambda r: r["total_time"]):
        print(line(row))


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", type=int, default=128)
    parser.add_argument("--capacity", type=float, default=16)
    parser.add_argument("--energy", type=float, default=8.0, help="pJ/bit")
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--gap", type=int, default=1)
    options = parser.parse_args()
    workload = f"kv_cache:n={options.requests},gap={options.gap}"
    every: list[dict[str, Any]] = []
    for title, held in (
        (f"Equal pins: {options.pins} data pins", {"pins": options.pins}),
        (f"Equal capacity: {options.capacity:g} GiB", {"capacity": options.capacity}),
    ):
        best = []
        for family in FAMILIES:
            found = rows(family, workload, held)
            every += found
            if found:
                best.append(min(found, key=lambda r: (r["total_time"], r["p99_latency"])))
        show(title, best)
    with_energy = [row for row in every if "energy_per_bit" in row]
    limit = options.energy * 1e-12
    best = []
    for family in FAMILIES:
        within = [r for r in with_energy if r["family"] == family and r["energy_per_bit"] <= limit]
        if within:
            best.append(min(within, key=lambda r: (r["total_time"], r["p99_latency"])))
    show(f"Equal energy: at most {options.energy:g} pJ/bit, of all organisations above", best)


if __name__ == "__main__":
    main()
