"""Comparisons with OpenSTA, KLayout and graywolf on the exported files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from archgym.errors import ArchgymError
from archgym.validation import Check

from ..export import export
from ..flow import Block
from ..opensta import period_ps
from ..simulator import BlockPPASimulator
from .published import DUAL, FFET


def tools(cores: Sequence[str], stack: str) -> list[Check]:
    """Period and area of blocks, single- and dual-sided, as other programs see them.

    Args:
        cores: names of netlists.
        stack: the metal stack.

    Returns:
        Two checks per block.
    """
    out = []
    for core in cores:
        simulator = BlockPPASimulator(core, placements=1, stack=stack)
        for name, choices in (("single-sided", FFET), ("dual-sided", DUAL)):
            block, _ = simulator.build_one(choices, 0)
            out += [_opensta(core, name, block), _klayout(core, name, block)]
    return out


def _opensta(core: str, name: str, block: Block) -> Check:
    label = f"{name}: OpenSTA's period over ours"
    try:
        ratio = period_ps(block) / block.period_ps
    except ArchgymError as error:
        return Check(label, "OpenSTA", f"left out: {error}", "1 ± 0.03", None, case=core)
    return Check(
        label, "OpenSTA", f"{ratio:.4f}", "1 ± 0.03", abs(ratio - 1) <= 0.03, case=core,
        figures={"ratio": ratio},
    )  # fmt: skip


def _klayout(core: str, name: str, block: Block) -> Check:
    label = f"{name}: die area that KLayout reads over ours"
    with tempfile.TemporaryDirectory() as folder:
        export(block, Path(folder))
        try:
            area = klayout_area_um2(Path(folder, f"{core}.def"), Path(folder, "cells.lef"))
        except ImportError:
            return Check(
                label, "KLayout", "left out: klayout is not installed", "1 ± 0.001", None, case=core
            )
    ratio = area / block.plan.area_um2
    return Check(
        label, "KLayout", f"{ratio:.5f}", "1 ± 0.001", abs(ratio - 1) <= 1e-3, case=core,
        figures={"ratio": ratio},
    )  # fmt: skip


def klayout_area_um2(design: Path, cells: Path) -> float:
    """Area of the outline of a DEF file, as KLayout reads it.

    Args:
        design: the DEF file.
        cells: the LEF file.

    Returns:
        um2.
    """
    from klayout import db

    options = db.LoadLayoutOptions()
    options.lefdef_config.lef_files = [str(cells)]
    options.lefdef_config.read_lef_with_def = False
    layout = db.Layout()
    layout.read(str(design), options)
    outline = [i for i in layout.layer_indexes() if "OUTLINE" in layout.get_info(i).to_s()]
    box = layout.top_cell().bbox_per_layer(outline[0])
    return float(box.width() * box.height()) * float(layout.dbu) ** 2
