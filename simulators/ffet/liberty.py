"""Liberty, the field's format of a cell library: for yosys, OpenSTA and whoever reads it."""

from __future__ import annotations

from .functions import CLOCK_PIN, FUNCTIONS, Function
from .kernels.timing import LN2, LN4, SLEW_SHARE
from .library import Library

SLEWS = (1.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)  # ps; 20 to 80 %
LOADS = (0.1, 0.5, 1.0, 2.0, 5.0, 15.0, 50.0)  # fF


def _table(kind: str, values: list[list[float]]) -> str:
    rows = ", \\\n            ".join(
        '"' + ", ".join(f"{v:.6g}" for v in row) + '"' for row in values
    )
    return f"          {kind} (grid) {{ values ({rows}); }}"


def _arc(lib: Library, cell: int, related: str, kind: str) -> str:
    r, t0 = float(lib.resistance[cell]), float(lib.intrinsic[cell])
    delay = [[t0 + SLEW_SHARE * s + LN2 * r * c for c in LOADS] for s in SLEWS]
    edge = [[LN4 * r * c + float(lib.edge[cell]) for c in LOADS] for _ in SLEWS]
    tables = [
        _table(name, values)
        for name, values in (
            ("cell_rise", delay), ("cell_fall", delay),
            ("rise_transition", edge), ("fall_transition", edge),
        )
    ]  # fmt: skip
    head = f'        timing () {{ related_pin : "{related}"; {kind}'
    return "\n".join([head, *tables, "        }"])


def _state(f: Function) -> str:
    """The group that says what a clocked cell remembers."""
    if f.role == "latch":
        return 'latch (IQ, IQN) { enable : "G"; data_in : "D"; }'
    if f.role == "gate":
        return (
            'clock_gating_integrated_cell : "latch_posedge";\n'
            '    latch (IQ, IQN) { enable : "!CK"; data_in : "E"; }'
        )
    held = {"RN": ' clear : "!RN";', "SN": ' preset : "!SN";'}
    more = "".join(held[p] for p in reversed(f.asynchronous))
    both = " clear_preset_var1 : L; clear_preset_var2 : H;" if len(f.asynchronous) == 2 else ""
    return f'ff (IQ, IQN) {{ clocked_on : "CK"; next_state : "D";{more}{both} }}'


def _constraints(f: Function, pin: str, setup: float) -> list[str]:
    """Setup and hold (recovery and removal) of an input of a clocked cell."""
    clock = f.inputs[CLOCK_PIN]
    edge = "falling" if f.role == "latch" else "rising"  # the edge that closes
    kinds = ("recovery", "removal") if pin in f.asynchronous else ("setup", "hold")
    ways = ("rise",) if pin in f.asynchronous else ("rise", "fall")
    out = []
    for kind, value in zip(kinds, (setup, 0.0)):
        tables = " ".join(f'{w}_constraint (scalar) {{ values ("{value:.6g}"); }}' for w in ways)
        out.append(
            f'      timing () {{ related_pin : "{clock}"; timing_type : {kind}_{edge}; {tables} }}'
        )
    return out


def _arcs(lib: Library, cell: int, f: Function) -> list[str]:
    """From every input to the output."""
    if not f.role:
        return [_arc(lib, cell, pin, f"timing_sense : {_sense(f.logic, pin)};") for pin in f.inputs]
    clock = f.inputs[CLOCK_PIN]
    if f.role == "gate":
        return [_arc(lib, cell, clock, "timing_sense : positive_unate;")]
    out = [_arc(lib, cell, clock, "timing_type : rising_edge;")]
    if f.role == "latch":
        out.append(_arc(lib, cell, "D", "timing_sense : positive_unate;"))
    kinds = {
        "RN": "clear; timing_sense : positive_unate",
        "SN": "preset; timing_sense : negative_unate",
    }
    out += [_arc(lib, cell, pin, f"timing_type : {kinds[pin]};") for pin in f.asynchronous]
    return out


def _cell(lib: Library, cell: int) -> str:
    f = FUNCTIONS[lib.function[cell]]
    out = [
        f"  cell ({lib.name(cell)}) {{",
        f"    area : {lib.area_um2[cell]:.6g};",
        f"    cell_leakage_power : {lib.leakage[cell]:.6g};",
    ]
    if f.role:
        out.append(f"    {_state(f)}")
    for i, pin in enumerate(f.inputs):
        more = " clock : true;" if f.role and i == CLOCK_PIN else ""
        if f.role == "gate":
            more += f" clock_gate_{'clock' if i == CLOCK_PIN else 'enable'}_pin : true;"
        out.append(
            f"    pin ({pin}) {{ direction : input; capacitance : {lib.load[cell]:.6g};{more}"
        )
        if f.role and i != CLOCK_PIN:
            out += _constraints(f, pin, lib.setup)
        out.append("    }")
    more = " clock_gate_out_pin : true;" if f.role == "gate" else ""
    out.append(f'    pin ({f.output}) {{ direction : output; function : "{f.logic}";{more}')
    return "\n".join([*out, *_arcs(lib, cell, f), "    }", "  }"])


def _sense(logic: str, pin: str) -> str:
    if "^" in logic or pin == "S":
        return "non_unate"
    return "negative_unate" if logic.startswith("!") else "positive_unate"


def write_liberty(lib: Library, sizes: tuple[int, ...] = ()) -> str:
    """The library as Liberty text.

    Args:
        lib: the library.
        sizes: of the cells that are written; empty for all.

    Returns:
        The file's text.
    """
    axes = ", ".join(map(str, SLEWS)), ", ".join(map(str, LOADS))
    head = f"""library ({lib.device.name.replace("-", "_").replace(".", "p")}) {{
  delay_model : table_lookup;
  time_unit : "1ps"; voltage_unit : "1V"; current_unit : "1uA"; leakage_power_unit : "1nW";
  pulling_resistance_unit : "1kohm"; capacitive_load_unit (1, ff);
  nom_process : 1; nom_temperature : 25; nom_voltage : {lib.vdd};
  operating_conditions (typical) {{ process : 1; temperature : 25; voltage : {lib.vdd}; }}
  default_operating_conditions : typical;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  lu_table_template (grid) {{
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("{axes[0]}"); index_2 ("{axes[1]}");
  }}"""
    cells = [_cell(lib, i) for i in range(len(lib.function)) if not sizes or lib.size[i] in sizes]
    return "\n".join([head, *cells, "}", ""])
