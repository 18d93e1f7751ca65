"""Wirelength of our placements over graywolf's (Debian's package) on the same netlist and core.

    python benchmarks/placement_graywolf.py [--netlist mac16] [--minutes 60] [--folder DIR]

Graywolf is TimberWolf's simulated annealing as qflow uses it; it gets X1 cells, the same rows and
all the time up to --minutes.  Both wirelengths are half-perimeters of legal placements with pins at
the same offsets; the ports stand where graywolf put them in its own and round the core in ours.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from archgym.simulators.ffet.floorplan import floorplan, legalise
from archgym.simulators.ffet.functions import FUNCTIONS, PIN_OFFSETS
from archgym.simulators.ffet.kernels.wirelength import hpwl
from archgym.simulators.ffet.library import library
from archgym.simulators.ffet.placement import pin_table, place, port_positions
from archgym.simulators.ffet.simulator import load_netlist

UNIT = 1000  # graywolf counts in whole numbers: nanometres
RULES = """RULES
    layer metal1 0.07 0.03 vertical
    layer metal2 0.07 0.03 horizontal
    via via12 metal1 metal2
    width metal1 20
    width metal2 20
    width via12 20
    spacing metal1 metal1 20
    spacing metal2 metal2 20
    overhang via12 metal1 2
    overhang via12 metal2 2
    spacing via12 via12 10
ENDRULES
*vertical_wire_weight : 1.0
*vertical_path_weight : 1.0
*padspacing           : variable
*rowSep               : 0.0   0
*track.pitch          : 42
*graphics.wait        : off
*last_chance.wait     : off
*random.seed          : 12345
TWMC*chip.aspect.ratio : 1.0
TWSC*feedThruWidth    : 42 layer 1
TWSC*do.global.route  : off
TWSC*ignore_feeds     : true
TWSC*call_row_evener  : true
TWSC*even_rows_maximally : true
GENR*row_to_tile_spacing : 1
GENR*numrows : {rows}
GENR*flip_alternate_rows : 1
"""


def write_cells(netlist, lib, path: Path) -> None:
    """The netlist in TimberWolf's format."""
    share = PIN_OFFSETS
    height = round(lib.height_um * UNIT)
    lines = []
    for c, f in enumerate(netlist.function):
        wide = round(lib.width[lib.first[f]] * lib.cpp_um * UNIT)
        lines.append(f"cell {c + 1} u{c}")
        lines.append(
            f"left {-(wide // 2)} right {wide - wide // 2} bottom {-(height // 2)} top {height - height // 2}"
        )
        pins = (*FUNCTIONS[f].inputs, FUNCTIONS[f].output)
        for i, pin in enumerate(pins):
            net = netlist.pin_net[netlist.cell_start[c] + i]
            x = round((share[f, i] - 0.5) * wide)
            lines.append(f"pin name {pin} signal n{net} layer 1 {x} 0")
    for i, net in enumerate(netlist.port_net):
        lines.append(f"pad {i + 1} name twpin_p{i}")
        lines.append("corners 4 -20 -20 -20 20 20 20 20 -20")
        lines.append(f"pin name twpin_p{i} signal n{net} layer 1 0 0")
        lines.append("")
    path.write_text("\n".join(lines) + "\n")


def read_places(netlist, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Centres of cells, then ports, in um."""
    cells = len(netlist.function)
    x, y = np.full((2, cells + len(netlist.port_net)), np.nan)
    for file in ("design.pl1", "design.pin"):
        path = folder / file
        if not path.exists():
            continue
        for line in path.read_text().splitlines():
            w = line.split()
            if file.endswith("pl1") and len(w) >= 5:
                name, left, bottom, right, top = w[0], *map(int, w[1:5])
                if name.startswith("u"):
                    i = int(name[1:])
                elif name.startswith("twpin_p"):
                    i = cells + int(name[7:])
                else:
                    continue
                x[i], y[i] = (left + right) / 2 / UNIT, (bottom + top) / 2 / UNIT
    return x, y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--netlist", default="mac16")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    netlist, lib = load_netlist(given.netlist), library("cfet-4t")
    width = (lib.width[lib.first[netlist.function]] * lib.cpp_um).astype(float)
    area = float((width * lib.height_um).sum())
    plan = floorplan(lib, area / 0.95, 1.0)
    folder = given.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    write_cells(netlist, lib, folder / "design.cel")
    (folder / "design.par").write_text(RULES.format(rows=plan.rows))
    start = time.perf_counter()
    log = (folder / "log").open("w")
    subprocess.run(
        ["graywolf", "-n", "design"], cwd=folder, timeout=60 * given.minutes, stdout=log,
        stderr=log, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    theirs_s = time.perf_counter() - start
    tables = pin_table(netlist, lib)
    offsets = tables[3] * lib.cpp_um
    gx, gy = read_places(netlist, folder)
    print("graywolf: cells placed", int(np.isfinite(gx[: len(width)]).sum()), "of", len(width))
    theirs = hpwl(*tables[:3], gx, gy, offsets, 1.0, 1.0)
    box = (np.nanmax(gx) - np.nanmin(gx)) * (np.nanmax(gy) - np.nanmin(gy))
    start = time.perf_counter()
    found = place(netlist, lib, 1.0, 0)
    left, row, lost = legalise(plan, lib, found.x * plan.wide, found.y * plan.high, width)
    ours_s = time.perf_counter() - start
    px, py = port_positions(len(netlist.port_net))
    ours = hpwl(
        *tables[:3], np.append(left + width / 2, px * plan.wide),
        np.append((row + 0.5) * lib.height_um, py * plan.high), offsets, 1.0, 1.0,
    )  # fmt: skip
    print(f"ours on {plan.area_um2:.1f} um2 (lost {lost}), theirs within {box:.1f} um2")
    print(f"ours {ours:.0f} um in {ours_s:.1f} s, graywolf {theirs:.0f} um in {theirs_s:.0f} s")
    print(f"ratio {ours / theirs:.3f}")


if __name__ == "__main__":
    main()
