"""A finished block in the field's formats: Verilog, Liberty, LEF, DEF, SPEF, SDC."""

from __future__ import annotations

from pathlib import Path

from ..flow import Block
from ..liberty import write_liberty
from .names import Names
from .physical import write_def, write_lef
from .verilog import write_sdc, write_verilog
from .wires import write_spef

__all__ = ["export"]


def export(block: Block, folder: Path) -> list[Path]:
    """Write the block's files, and those of its macros as they were given.

    Args:
        block: the block.
        folder: where to write; it is made where it is missing.

    Returns:
        The files' paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = Names.of(block).top
    texts = {
        f"{name}.v": write_verilog(block),
        f"{name}.sdc": write_sdc(block),
        f"{name}.spef": write_spef(block),
        f"{name}.def": write_def(block),
        "cells.lef": write_lef(block),
        "cells.lib": write_liberty(block.library),
    }
    macros = block.placed.netlist.macros
    for kind, end in (("liberty", "lib"), ("lef", "lef")):
        for i, text in enumerate(getattr(macros, kind, ())):
            texts[f"macros{i}.{end}"] = text
    for file, text in texts.items():
        (folder / file).write_text(text, encoding="utf-8")
    return [folder / file for file in texts]
