"""Liberty, the field's format of a cell library: for yosys, OpenSTA and whoever reads it."""

from __future__ import annotations

from .functions import DFF, FUNCTIONS
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


def _cell(lib: Library, cell: int) -> str:
    f = FUNCTIONS[lib.function[cell]]
    flop = lib.function[cell] == DFF
    out = [
        f"  cell ({lib.name(cell)}) {{",
        f"    area : {lib.area_um2[cell]:.6g};",
        f"    cell_leakage_power : {lib.leakage[cell]:.6g};",
    ]
    if flop:
        out.append('    ff (IQ, IQN) { clocked_on : "CK"; next_state : "D"; }')
    for pin in f.inputs:
        clock = " clock : true;" if flop and pin == "CK" else ""
        out.append(
            f"    pin ({pin}) {{ direction : input; capacitance : {lib.load[cell]:.6g};{clock}"
        )
        if flop and pin == "D":
            for kind, value in (("setup_rising", lib.setup), ("hold_rising", 0.0)):
                out.append(
                    f'      timing () {{ related_pin : "CK"; timing_type : {kind}; '
                    f'rise_constraint (scalar) {{ values ("{value:.6g}"); }} '
                    f'fall_constraint (scalar) {{ values ("{value:.6g}"); }} }}'
                )
        out.append("    }")
    out.append(f'    pin ({f.output}) {{ direction : output; function : "{f.logic}";')
    if flop:
        out.append(_arc(lib, cell, "CK", "timing_type : rising_edge;"))
    else:
        out += [_arc(lib, cell, pin, f"timing_sense : {_sense(f.logic, pin)};") for pin in f.inputs]
    return "\n".join([*out, "    }", "  }"])


def _sense(logic: str, pin: str) -> str:
    if "^" in logic or pin == "S":
        return "non_unate"
    return "negative_unate" if logic.startswith("!") else "positive_unate"


def write_liberty(lib: Library, sizes: tuple[int, ...] = (1, 2, 4, 8)) -> str:
    """The library as Liberty text, with the cells of the given sizes."""
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
    cells = [_cell(lib, i) for i in range(len(lib.function)) if lib.size[i] in sizes]
    return "\n".join([head, *cells, "}", ""])
