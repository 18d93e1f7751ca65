"""The controllers that were compared with DRAMSys, as designs."""

from __future__ import annotations

from functools import cache

from archgym.documents import read_json
from archgym.validation import reference_file

from .devices import DDR3_1600, DDR4_2400
from .simulator import DRAMSimulator
from .validation import given_of

FILES = {
    DDR4_2400.name: "dram_reference.json",
    DDR3_1600.name: "dram_reference_archgym.json",
}


def rows(simulator: DRAMSimulator) -> list[dict[str, object]]:
    """The configurations of the reference runs of a memory.

    Args:
        simulator: its device and its semantics decide; the traces differ from the simulator's own.

    Returns:
        Values by knob; none for other memories, and under JEDEC's rules, which no tool was compared with.

    Raises:
        ArchgymError: the reference file is not part of this installation.
    """
    name = FILES.get(simulator.device.name)
    if name is None or simulator.semantics != "dramsys":
        return []
    return _configs(name)


@cache
def _configs(name: str) -> list[dict[str, object]]:
    data = read_json(reference_file(name))
    used = {row[data["row_columns"].index("config_index")] for row in data["rows"]}
    return [given_of(data["configs"][i], data["config_columns"]) for i in sorted(used)]
