"""What cells there are: logic, shape and electrical effort, for every technology alike.

Widths are CPP of X1 as in PROBE3.0 (UCSD: INV 2, NAND2 3, AOI22 5, XOR2 6, MUX2 8, DFF 17); cells
it lacks follow the same count of gates.  Parasitics, of the energy inside, follow Sutherland, Sproull
and Harris, *Logical Effort* (1999): in units of the inverter's, with drains shared where layouts do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Function:
    """A logic function, of 1 or 2 ``stages``; its figures are GT2N's (``cells.py``).

    ``saving`` is the share of its width that split gates and drain merges save in a flip FET
    (reference A.6: calibrated there, not published), before the fitted factor.
    """

    name: str
    inputs: tuple[str, ...]
    output: str
    logic: str  # Liberty's syntax
    width: int
    parasitic: float
    stages: int
    saving: float = 0.0
    role: str = ""  # "flop", "latch" or "gate" (of a clock); "" is logic

    @property
    def asynchronous(self) -> tuple[str, ...]:
        """Set and reset pins, active low."""
        return tuple(p for p in self.inputs if p in ("SN", "RN"))


AB, ABC, ABCD = ("A", "B"), ("A", "B", "C"), ("A", "B", "C", "D")


FUNCTIONS = (
    Function("INV", ("A",), "Y", "!A", 2, 1.0, 1),
    Function("BUF", ("A",), "Y", "A", 3, 1.0, 2),
    Function("NAND2", AB, "Y", "!(A&B)", 3, 1.3, 1),
    Function("NAND3", ABC, "Y", "!(A&B&C)", 4, 1.7, 1),
    Function("NAND4", ABCD, "Y", "!(A&B&C&D)", 5, 2.0, 1),
    Function("NOR2", AB, "Y", "!(A|B)", 3, 1.3, 1),
    Function("NOR3", ABC, "Y", "!(A|B|C)", 4, 1.7, 1),
    Function("NOR4", ABCD, "Y", "!(A|B|C|D)", 5, 2.0, 1),
    Function("AND2", AB, "Y", "A&B", 4, 1.3, 2),
    Function("AND3", ABC, "Y", "A&B&C", 5, 1.7, 2),
    Function("OR2", AB, "Y", "A|B", 4, 1.3, 2),
    Function("OR3", ABC, "Y", "A|B|C", 5, 1.7, 2),
    Function("XOR2", AB, "Y", "A^B", 6, 2.0, 2, 0.10),
    Function("XNOR2", AB, "Y", "!(A^B)", 6, 2.0, 2, 0.10),
    Function("AOI21", ABC, "Y", "!((A&B)|C)", 4, 1.7, 1),
    Function("OAI21", ABC, "Y", "!((A|B)&C)", 4, 1.7, 1),
    Function("AOI22", ABCD, "Y", "!((A&B)|(C&D))", 5, 2.0, 1, 0.05),
    Function("OAI22", ABCD, "Y", "!((A|B)&(C|D))", 5, 2.0, 1, 0.05),
    Function("AOI211", ABCD, "Y", "!((A&B)|C|D)", 5, 2.0, 1),
    Function("OAI211", ABCD, "Y", "!((A|B)&C&D)", 5, 2.0, 1),
    Function("MUX2", ("A", "B", "S"), "Y", "(A&!S)|(B&S)", 8, 2.0, 2, 0.25),
    Function("TIELO", (), "Y", "0", 2, 0.0, 1),
    Function("TIEHI", (), "Y", "1", 2, 0.0, 1),
    Function("DFF", ("D", "CK"), "Q", "IQ", 17, 3.0, 2, 0.25, "flop"),
    # Each asynchronous pin makes an inverter of either latch a two-input gate: 1 CPP each.
    Function("DFFR", ("D", "CK", "RN"), "Q", "IQ", 19, 3.0, 2, 0.25, "flop"),
    Function("DFFS", ("D", "CK", "SN"), "Q", "IQ", 19, 3.0, 2, 0.25, "flop"),
    Function("DFFRS", ("D", "CK", "SN", "RN"), "Q", "IQ", 21, 3.0, 2, 0.25, "flop"),
    # One of a flip-flop's two latches with its output buffer; a clock gate is that and an AND2.
    Function("LATCH", ("D", "G"), "Q", "IQ", 10, 3.0, 2, 0.25, "latch"),
    Function("ICG", ("E", "CK"), "Q", "IQ&CK", 13, 3.0, 2, 0.25, "gate"),
)
INDEX = {f.name: i for i, f in enumerate(FUNCTIONS)}
INV, BUF, DFF = INDEX["INV"], INDEX["BUF"], INDEX["DFF"]
MOST_INPUTS = max(len(f.inputs) for f in FUNCTIONS)
CLOCK_PIN = 1  # of everything clocked
# (functions,): what has a clock pin; what acts on its edge, so that paths end and begin there (a latch
# lets them through while it is open); what holds a state that logic sees
CLOCKED = np.array([bool(f.role) for f in FUNCTIONS])
EDGED = np.array([f.role in ("flop", "gate") for f in FUNCTIONS])
REGISTER = np.array([f.role in ("flop", "latch") for f in FUNCTIONS])
LATCH, ICG = INDEX["LATCH"], INDEX["ICG"]

# Where pins lie along a cell, as a share of its width: (functions, inputs + output)
PIN_OFFSETS = np.full((len(FUNCTIONS), MOST_INPUTS + 1), 0.5)
for _i, _f in enumerate(FUNCTIONS):
    _n = len(_f.inputs) + 1
    PIN_OFFSETS[_i, :_n] = (np.arange(_n) + 0.5) / _n
