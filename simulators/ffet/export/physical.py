"""LEF and DEF: the cells' outlines and pins, the floorplan, the placement and the connections."""

from __future__ import annotations

import numpy as np

from ..flow import Block
from ..functions import CLOCK_PIN, CLOCKED, FUNCTIONS, PIN_OFFSETS
from .names import Names

DBU = 1000  # units a micrometre
PIN_UM = 0.014


def write_lef(block: Block) -> str:
    """The cells as LEF.

    It holds layers of the front (M) and of the back (BM), the site, and one macro per cell.

    Args:
        block: the block.

    Returns:
        The file's text.
    """
    lib = block.library
    lines = ["VERSION 5.8 ;", 'BUSBITCHARS "[]" ;', 'DIVIDERCHAR "/" ;']
    lines += ["UNITS", f"  DATABASE MICRONS {DBU} ;", "END UNITS", "MANUFACTURINGGRID 0.001 ;"]
    for side in ("M", "BM") if lib.device.dual_sided else ("M",):
        for i, layer in enumerate(lib.stack.layers, 1):
            way = "VERTICAL" if i % 2 else "HORIZONTAL"
            lines += [
                f"LAYER {side}{i}", "  TYPE ROUTING ;", f"  DIRECTION {way} ;",
                f"  PITCH {layer.pitch_nm * 1e-3:.4g} ;", f"  WIDTH {layer.pitch_nm * 5e-4:.4g} ;",
                f"END {side}{i}",
            ]  # fmt: skip
    lines += [
        "SITE core", "  CLASS CORE ;", f"  SIZE {lib.cpp_um:.4g} BY {lib.height_um:.4g} ;", "END core",
    ]  # fmt: skip
    for k in range(len(lib.function)):
        lines += _macro(block, k, PIN_OFFSETS[lib.function[k]])
    return "\n".join([*lines, "END LIBRARY", ""])


def _macro(block: Block, kind: int, share: np.ndarray) -> list[str]:  # type: ignore[type-arg]
    lib = block.library
    f = FUNCTIONS[lib.function[kind]]
    wide = lib.width[kind] * lib.cpp_um
    lines = [
        f"MACRO {lib.name(kind)}", "  CLASS CORE ;", "  ORIGIN 0 0 ;",
        f"  SIZE {wide:.4g} BY {lib.height_um:.4g} ;", "  SYMMETRY X Y ;", "  SITE core ;",
    ]  # fmt: skip
    for i, pin in enumerate((*f.inputs, f.output)):
        x, y, half = share[i] * wide, lib.height_um / 2, PIN_UM / 2
        output = i == len(f.inputs)
        use = "CLOCK" if CLOCKED[lib.function[kind]] and i == CLOCK_PIN else "SIGNAL"
        lines += [
            f"  PIN {pin}", f"    DIRECTION {'OUTPUT' if output else 'INPUT'} ;",
            f"    USE {use} ;", "    PORT",
        ]  # fmt: skip
        sides = ("M", "BM") if output and lib.device.dual_sided else ("M",)
        for side in sides:
            lines += [
                f"      LAYER {side}1 ;",
                f"      RECT {x - half:.4f} {y - half:.4f} {x + half:.4f} {y + half:.4f} ;",
            ]
        lines += ["    END", f"  END {pin}"]
    return [*lines, f"END {lib.name(kind)}"]


def _rows(block: Block) -> list[str]:
    """Rows, cut where macros lie."""
    plan, lib = block.plan, block.library
    sites = int(plan.wide / lib.cpp_um + 1e-9)
    lines = []
    for r in range(plan.rows):
        low, high = r * lib.height_um, (r + 1) * lib.height_um
        parts = [(0, sites)]
        for x0, y0, x1, y1 in plan.solid.tolist():
            if y0 < high - 1e-9 and y1 > low + 1e-9:
                a, b = int(x0 / lib.cpp_um + 1e-6), int(np.ceil(x1 / lib.cpp_um - 1e-6))
                parts = [
                    p for c, d in parts for p in ((c, min(d, a)), (max(c, b), d)) if p[1] > p[0]
                ]
        for k, (a, b) in enumerate(parts):
            name = f"row{r}" if len(parts) == 1 else f"row{r}_{k}"
            lines.append(
                f"ROW {name} core {round(a * lib.cpp_um * DBU)} {round(low * DBU)} "
                f"{'FS' if r % 2 else 'N'} DO {b - a} BY 1 STEP {round(lib.cpp_um * DBU)} 0 ;"
            )
    return lines


def write_def(block: Block) -> str:
    """The block as DEF: die, rows, placed components, ports and nets.

    Args:
        block: the block.

    Returns:
        The file's text.
    """
    n, names, plan, lib = block.placed.netlist, Names.of(block), block.plan, block.library

    def unit(um: float) -> int:
        return round(um * DBU)

    lines = [
        "VERSION 5.8 ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "[]" ;', f"DESIGN {names.top} ;",
        f"UNITS DISTANCE MICRONS {DBU} ;",
        f"DIEAREA ( 0 0 ) ( {unit(plan.wide)} {unit(plan.high)} ) ;",
    ]  # fmt: skip
    lines += _rows(block)
    lines.append(f"COMPONENTS {len(block.kind) + len(names.macro)} ;")
    for name, abstract, box in zip(
        names.macro, n.macros.abstracts if n.macros else (), plan.solid.tolist()
    ):
        place = f"( {unit(box[0])} {unit(box[1])} )"
        lines.append(f"- {name} {abstract.name} + FIXED {place} N ;")
    for c, kind in enumerate(block.kind):
        x, y = unit(block.left[c]), unit(block.row[c] * lib.height_um)
        way = "FS" if block.row[c] % 2 else "N"
        lines.append(f"- {names.cell[c]} {lib.name(int(kind))} + PLACED ( {x} {y} ) {way} ;")
    lines += ["END COMPONENTS", f"PINS {len(names.port)} ;"]
    first = len(n.pin_net)
    for i, port in enumerate(names.port):
        x, y = unit(block.pin_x[first + i]), unit(block.pin_y[first + i])
        way = "INPUT" if n.port_input[i] else "OUTPUT"
        layer = "BM3" if block.sides[first + i] else "M3"
        lines.append(
            f"- {port} + NET {names.net[n.port_net[i]]} + DIRECTION {way} + USE SIGNAL "
            f"+ LAYER {layer} ( -10 -10 ) ( 10 10 ) + PLACED ( {x} {y} ) N ;"
        )
    lines.append("END PINS")
    start, pins = block.placed.pins_by_net
    used = [k for k in range(n.nets) if start[k + 1] > start[k]]
    lines.append(f"NETS {len(used)} ;")
    for k in used:
        ends = []
        for p in pins[start[k] : start[k + 1]]:
            if p >= first + len(names.port):
                instance, pin = names.macro_pin[p - first - len(names.port)]
                ends.append(f"( {instance} {pin} )")
            elif p >= first:
                ends.append(f"( PIN {names.port[p - first]} )")
            else:
                ends.append(f"( {names.cell[n.pin_cell[p]]} {names.pin[p]} )")
        lines.append(f"- {names.net[k]} {' '.join(ends)} + USE SIGNAL ;")
    return "\n".join([*lines, "END NETS", "END DESIGN", ""])
