"""The table of cells (``simulators/ffet/data/cells.csv``) from GT2N's Liberty files.

    python benchmarks/gt2n_cells.py gt2_6t_w31_lvt_tt_0p7v25c.lib gt2_6t_w13_lvt_tt_0p7v25c.lib

The files are those of github.com/azadnaeemi/GT2N (``lib/tt``, BSD-3), which is not part of this package.
Prints CSV.  Resistance is the slope of delay over load between the second and the fifth load.  The
intrinsic delay is what is left at no load and the third edge, less what the flow adds for such an
edge; so is the output's edge.  Means over arcs, rise and fall.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from archgym.simulators.ffet.kernels.timing import LN2, LN4, SLEW_SHARE

ROW = 2  # of the edges: 7.5 ps from 30 to 70 %
NAMES = {
    "INV": "inv", "BUF": "buf", "NAND2": "nand2", "NAND3": "nand3", "NOR2": "nor2", "NOR3": "nor3",
    "AND2": "and2", "AND3": "and3", "OR2": "or2", "OR3": "or3", "XOR2": "xor2", "XNOR2": "xnor2",
    "AOI21": "aoi21", "OAI21": "oai21", "AOI22": "aoi22", "OAI22": "oai22", "AOI211": "aoi211",
    "OAI211": "oai211", "MUX2": "mux2", "DFF": "dffasync",
}  # fmt: skip
SIZES = (1, 2, 3, 4, 6, 8, 12)


def groups(text: str) -> dict[str, Any]:
    """Liberty's groups as nested dictionaries."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).replace("\\\n", "")
    words = iter(re.findall(r'"[^"]*"|[\w.+-]+|[(){}:;]', text))

    def body() -> dict[str, Any]:
        out: dict[str, Any] = {"groups": []}
        for word in words:
            if word == "}":
                break
            if word == ";":
                continue
            mark = next(words, "}")
            if mark == ":":
                out[word] = " ".join(iter(lambda: next(words), ";")).strip('"')
            elif mark == "(":
                given = [a.strip('"') for a in iter(lambda: next(words), ")")]
                if next(words, ";") == "{":
                    out["groups"].append({**body(), "kind": word, "given": given})
                else:
                    out[word] = given
        return out

    return body()["groups"][0]


def numbers(parts: list[str]) -> np.ndarray:
    return np.array([float(x) for part in parts for x in part.replace(",", " ").split()])


def arcs(cell: dict[str, Any]) -> tuple[float, float, float]:
    """Slope of the delay in ps/fF; delay in ps and edge at no load."""
    found = []
    for pin in cell["groups"]:
        for timing in (g for g in pin["groups"] if g["kind"] == "timing"):
            tables = {g["kind"]: g for g in timing["groups"] if "values" in g}
            for delay, edge in (("cell_rise", "rise_transition"), ("cell_fall", "fall_transition")):
                if delay not in tables or "index_2" not in tables[delay]:
                    continue
                load = numbers(tables[delay]["index_2"]) * 1e3
                d, e = (
                    numbers(tables[t]["values"]).reshape(-1, len(load))[ROW] for t in (delay, edge)
                )
                slope = (d[4] - d[1]) / (load[4] - load[1])
                found.append((slope, np.polyfit(load, d, 1)[1], np.polyfit(load, e, 1)[1]))
    slope, delay, edge = np.mean(found, axis=0)
    return float(slope), float(delay), float(edge)


def library(path: Path) -> dict[str, dict[str, Any]]:
    top = groups(path.read_text(encoding="utf-8"))
    return {
        re.sub("^gt2_6t_|_w\\d\\d_lvt$", "", g["given"][0]): g
        for g in top["groups"]
        if g["kind"] == "cell"
    }


def figures(cells: dict[str, dict[str, Any]], name: str, data: str) -> list[float]:
    """Load in fF, resistance in kohm, intrinsic delay and edge in ps, leakage in nW."""
    cell = cells[name]
    inputs = [
        float(p["capacitance"]) * 1e3
        for p in cell["groups"]
        if p["kind"] == "pin" and p.get("direction") == "input" and data in ("", p["given"][0])
    ]
    slope, delay, edge = arcs(cell)
    # an edge of the flow (LN4 RC) over one of these files (0.908 of the slope of the delay, an inverter's)
    stretch = LN4 / LN2 / 0.908
    return [
        float(np.mean(inputs)), slope / LN2, delay - SLEW_SHARE * 7.533 * stretch, edge * stretch,
        float(cell["cell_leakage_power"]) * 1e3,
    ]  # fmt: skip


def main() -> None:
    both = [library(Path(p)) for p in sys.argv[1:3]]
    for name, gt2n in NAMES.items():
        for size in SIZES:
            if f"{gt2n}_x{size}" in both[0]:
                data = "D" if name == "DFF" else ""
                row = [v for lib in both for v in figures(lib, f"{gt2n}_x{size}", data)]
                print(f"{name},{size}," + ",".join(f"{v:.4g}" for v in row))


if __name__ == "__main__":
    main()
