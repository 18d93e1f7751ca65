"""The same block timed by OpenSTA, from the exported files."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from archgym.errors import ArchgymError
from archgym.programs.processes import call

from .export import export
from .export.names import identifier
from .export.verilog import write_sdc
from .flow import Block
from .functions import LATCH

SCRIPT = """read_liberty cells.lib
{macros}read_verilog {name}.v
link_design {name}
{constraints}
exit
"""
TIMED = """source {sdc}
{spef}
puts "PERIOD {period:.6f}"
report_checks -path_delay max -digits 4
"""
POINTS = 24  # periods a run that brackets the least one
TIMEOUT_S = 600


def period_ps(block: Block) -> float:
    """The least period in ps that OpenSTA finds, with its default delay calculator.

    From the slack at the target; where latches let paths through, the period at which no slack is
    negative, to a thousandth.

    Args:
        block: the block.

    Returns:
        The period in ps.

    Raises:
        ArchgymError: OpenSTA is not installed, or refuses the files.
    """
    if not shutil.which("sta"):
        raise ArchgymError("OpenSTA (program sta) is not installed: Debian's package is opensta")
    target = 1e3 / block.choices.target_ghz
    with tempfile.TemporaryDirectory(prefix="archgym-") as folder:
        export(block, Path(folder))
        if not np.any(block.placed.netlist.function == LATCH):
            return target - _slacks(block, Path(folder), [target])[0]
        low, high = 0.0, 8.0 * max(block.period_ps, 1.0)
        while high - low > 1e-3 * high:
            step = (high - low) / POINTS
            tried = [low + step * (i + 1) for i in range(POINTS)]
            met = [s >= -1e-3 for s in _slacks(block, Path(folder), tried)]
            if not any(met):
                raise ArchgymError(f"OpenSTA finds no period up to {high:g} ps that is met")
            first = met.index(True)
            low, high = tried[first] - step, tried[first]
        return high


def _slacks(block: Block, folder: Path, periods: list[float]) -> list[float]:
    """The worst slack in ps at every period."""
    name = identifier(block.placed.netlist.name)
    parts = []
    for i, period in enumerate(periods):
        sdc = folder / f"period{i}.sdc"
        sdc.write_text(write_sdc(block, period), encoding="utf-8")
        spef = f"read_spef {name}.spef" if i == 0 else ""
        parts.append(TIMED.format(sdc=sdc.name, spef=spef, period=period))
    own = block.placed.netlist.macros
    macros = "".join(f"read_liberty macros{i}.lib\n" for i in range(len(own.liberty) if own else 0))
    script = folder / "run.tcl"
    script.write_text(
        SCRIPT.format(name=name, macros=macros, constraints="\n".join(parts)), encoding="utf-8"
    )
    command = ["sta", "-no_splash", "-exit", script.name]
    code, out, err = call(command, folder, TIMEOUT_S, {})
    if code is None:
        raise ArchgymError(f"OpenSTA did not finish within {TIMEOUT_S} s")
    text = out + err
    found = []
    for part in text.split("PERIOD ")[1:]:
        # one path a group: registers and ports, and asynchronous pins
        slacks = [float(s) for s in re.findall(r"(-?[\d.]+)\s+slack \(", part)]
        if slacks:
            found.append(min(slacks))
    if code or len(found) < len(periods) or re.search(r"^Error", text, re.MULTILINE):
        told = [line for line in text.splitlines() if line.strip()]
        raise ArchgymError(f"OpenSTA refused the exported files: {' | '.join(told[-4:])}")
    return found
