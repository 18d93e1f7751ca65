"""Netlists of one source from several scripts: a design takes the one that meets its target best.

Synthesis that is told to be fast pays area where a target is slow, and the other way about.  A flow
restructures on the way; here other netlists lie beside the first, ``variants/NAME.SCRIPT.npz``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archgym.errors import ArchgymError

from .netlist import Netlist, read_netlist

FOLDER = "variants"
OWN = ""  # the name of the netlist that the others are variants of


def variant_files(path: Path) -> list[Path]:
    """The packed files of a netlist's variants.

    Args:
        path: of the netlist's own packed file.

    Returns:
        The files, in order of their names.
    """
    return sorted((path.parent / FOLDER).glob(f"{path.stem}.*.npz"))


def load_variants(path: Path, netlist: Netlist) -> dict[str, Netlist]:
    """A netlist and its variants.

    Args:
        path: of its packed file.
        netlist: what that file holds.

    Returns:
        Netlists by script; the first is the netlist itself, under "".

    Raises:
        ArchgymError: there are no variants, a damaged file, or ports or macros that differ.
    """
    found = {OWN: netlist}
    for file in variant_files(path):
        variant = read_netlist(file)
        same = (variant.port_names, variant.port_input.tolist(), variant.macros)
        if same != (netlist.port_names, netlist.port_input.tolist(), netlist.macros):
            raise ArchgymError(
                f"{file}: expected the ports and macros of {path}, which it is a variant of; "
                "import it from the same source, or remove it"
            )
        found[file.stem.removeprefix(f"{path.stem}.")] = variant
    if len(found) == 1:
        raise ArchgymError(
            f"{path}: no variants in {path.parent / FOLDER}; make them with archgym ffet netlist import "
            "--variants, or leave the setting netlists at 'one'"
        )
    return found


def best(measured: Mapping[str, tuple[Mapping[str, float], str]], target_hz: float) -> str:
    """The variant that meets a target best.

    Args:
        measured: of every variant, its metrics and why it is infeasible (empty where it is not).
        target_hz: the frequency wanted.

    Returns:
        The least core of those that reach the target, else the fastest; the first if none is feasible.
    """
    feasible = {name: found for name, (found, reason) in measured.items() if not reason}
    if not feasible:
        return next(iter(measured))
    reached = [name for name, found in feasible.items() if found["frequency"] >= target_hz]
    if reached:
        return min(reached, key=lambda name: feasible[name]["core_area"])
    return max(feasible, key=lambda name: feasible[name]["frequency"])
