"""The same block timed by OpenSTA, from the exported files."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from archgym.errors import ArchgymError

from .export import export
from .flow import Block

SCRIPT = """read_liberty cells.lib
read_verilog {name}.v
link_design {name}
source {name}.sdc
read_spef {name}.spef
report_checks -path_delay max -digits 4

exit
"""


def period_ps(block: Block) -> float:
    """The least period in ps that OpenSTA finds, with its default delay calculator.

    Raises:
        ArchgymError: OpenSTA is not installed, or refuses the files.
    """
    if not shutil.which("sta"):
        raise ArchgymError("OpenSTA (program sta) is not installed: Debian's package is opensta")
    name = block.placed.netlist.name
    with tempfile.TemporaryDirectory() as folder:
        export(block, Path(folder))
        script = Path(folder, "run.tcl")
        script.write_text(SCRIPT.format(name=name), encoding="utf-8")
        run = subprocess.run(
            ["sta", "-no_splash", "-exit", script.name], cwd=folder, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip
    text = run.stdout + run.stderr
    found = re.search(r"(-?[\d.]+)\s+slack \(", text)
    if run.returncode or not found or "Error" in text:
        told = [line for line in text.splitlines() if line.strip()]
        raise ArchgymError(f"OpenSTA refused the exported files: {' | '.join(told[-4:])}")
    return 1e3 / block.choices.target_ghz - float(found.group(1))
