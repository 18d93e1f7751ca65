"""A device and an organisation as the arrays that the kernel reads; nothing is compiled a device."""

from __future__ import annotations

import ast
import operator
import threading
from collections.abc import Mapping
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from .commands import CODES, N_COMMANDS
from .layout import NEVER, SCALARS
from .rules import CLASSES
from .standards import ModernDevice
from .state import Tables

SEMANTICS = ("dramsys", "jedec")
REFRESH = ("NoRefresh", "AllBank", "PerBank", "Per2Bank", "SameBank")
_SCOPES = ("Bank", "BankGroup", "Rank", "Round", "OtherRank", "OtherStack")
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def cycles_of(formula: str, t: Mapping[str, int]) -> int:
    """The value of a formula of named timings.

    Args:
        formula: of whole numbers, names, ``+``, ``-``, ``*``, ``//`` and ``max``.
        t: cycles by name, without the leading ``t``.

    Returns:
        Cycles.

    Raises:
        KeyError: it names a timing that is not there.
        ValueError: it is not a formula.
    """

    def value(node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name):
            return t[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return int(_OPERATORS[type(node.op)](value(node.left), value(node.right)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "max":
            return max(value(a) for a in node.args)
        raise ValueError(f"not a formula of timings: {formula!r}")

    with _PARSING:
        tree = _parsed(formula)
    return value(tree)


# Python 3.11's parser to a tree must not run in two threads at once (it raises SystemError)
_PARSING = threading.Lock()


@cache
def _parsed(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def named_timings(
    device: ModernDevice, fine_granularity: int = 1, semantics: str = "dramsys"
) -> dict[str, int]:
    """Every name that the rules of a device use.

    Args:
        device: whose timings they are.
        fine_granularity: 1, or by how much refreshes are shorter and more often (2 or 4).
        semantics: ``dramsys`` or ``jedec``, see the README.

    Returns:
        Cycles by name.

    Raises:
        KeyError: a timing that is missing; its name.
    """
    t = {**device.t, "B": device.burst_cycles}
    if fine_granularity > 1:  # shorter refreshes, more often
        t["RFC"] = t[f"RFC{fine_granularity}"]
        t["REFI"] = t.get(f"REFI{fine_granularity}", t["REFI"] // fine_granularity)
    for name, formula in device.standard.names.items():
        t[name] = cycles_of(formula, t)
    if semantics == "jedec":
        if "RDPRE_JEDEC" in t:
            t["RDPRE"] = t["RDPRE_JEDEC"]
        if device.standard.name == "HBM2":  # every bank once an interval
            t["REFISB"] = min(t["REFISB"], t["REFI"] // device.banks)
    return t


def constraints(
    device: ModernDevice, fine_granularity: int = 1, semantics: str = "dramsys"
) -> dict[tuple[str, str, str], int]:
    """Every distance between two commands; of two rules the longer holds.

    Args:
        device: whose rules they are.
        fine_granularity: 1, or by how much refreshes are shorter and more often (2 or 4).
        semantics: ``dramsys`` or ``jedec``, see the README.

    Returns:
        Cycles by (scope, preceding command, following command).

    Raises:
        KeyError: a timing that is missing; its name.
    """
    t = named_timings(device, fine_granularity, semantics)
    standard = device.standard
    return dict(_distances(standard.name, standard.rules, tuple(t.items()), semantics))


@lru_cache(256)  # designs of a search share devices
def _distances(
    name: str, rules: str, timings: tuple[tuple[str, int], ...], semantics: str
) -> dict[tuple[str, str, str], int]:
    t, out = dict(timings), dict[tuple[str, str, str], int]()
    for line in rules.strip().splitlines():
        scope, rest = line.split(maxsplit=1)
        preceding, following, formula = (x.strip() for x in rest.split("  ") if x.strip())
        if (semantics, name, scope, preceding, following) == _TRUE_ROW_CYCLE:
            formula = "RC"
        for a in _expand(preceding):
            for b in _expand(following):
                key = (scope, a, b)
                out[key] = max(cycles_of(formula, t), out.get(key, NEVER))
    return out


# DRAMSys keeps tRCD between two activates of a DDR4 bank
_TRUE_ROW_CYCLE = ("jedec", "DDR4", "Bank", "ACT", "ACT")


def _expand(names: str) -> list[str]:
    return [c for n in names.split() for c in CLASSES.get(n, n).split()]


def tables(
    device: ModernDevice,
    ranks: int,
    channels: int,
    refresh: str,
    fine_granularity: int = 1,
    semantics: str = "dramsys",
) -> Tables:
    """The kernel's tables of a device in one organisation under one refresh policy.

    Args:
        device: one that :func:`.checks.check_device` lets pass.
        ranks: of each channel.
        channels: of the memory.
        refresh: the policy, one of REFRESH.
        fine_granularity: 1, or by how much refreshes are shorter and more often (2 or 4).
        semantics: ``dramsys`` or ``jedec``, see the README.

    Returns:
        Distances, lengths of commands and scalars, in cycles.
    """
    standard = device.standard
    by_scope = {s: np.full((N_COMMANDS, N_COMMANDS), NEVER, np.int64) for s in _SCOPES}
    for (scope, a, b), value in constraints(device, fine_granularity, semantics).items():
        for target in {"Rank": ("Rank", "Round"), "NotRound": ("Rank",)}.get(scope, (scope,)):
            table = by_scope[target]
            table[CODES[a], CODES[b]] = max(table[CODES[a], CODES[b]], value)
    length = np.ones(N_COMMANDS, np.int64)
    in_window = np.zeros(N_COMMANDS, np.bool_)
    for name, cycles in standard.lengths.items():
        length[CODES[name]] = cycles
    for name in standard.activations:
        in_window[CODES[name]] = True
    scalars = _scalars(device, ranks, channels, refresh, fine_granularity, semantics)
    return Tables(
        by_scope["Bank"],
        by_scope["BankGroup"],
        by_scope["Rank"],
        by_scope["Round"],
        by_scope["OtherRank"],
        by_scope["OtherStack"],
        length,
        in_window,
        scalars,
    )


def _scalars(
    device: ModernDevice,
    ranks: int,
    channels: int,
    refresh: str,
    fine_granularity: int,
    semantics: str,
) -> NDArray[np.int64]:
    standard, jedec = device.standard, semantics == "jedec"
    t = named_timings(device, fine_granularity, semantics)
    lasts = {k: t[v] for k, v in standard.refresh_cycles.items()}
    raaimt, raammt, raadec = device.management
    values = {
        "channels": channels,
        "ranks": ranks,
        "banks_rank": device.banks,
        "banks_group": device.banks // device.groups,
        "banks_stack": device.banks // device.stacks if device.stacks else 0,
        "buses": standard.buses,
        "pair_offset": device.pair_offset,
        "raaimt": raaimt,
        "raammt": raammt,
        "raadec": raadec,
        "true_bank_check": int(jedec),
        "stack_per_rank": int(jedec),
        "faw": t["FAW"],
        "faw_lengths": int(standard.window_by_lengths),
        "interval": t[standard.refresh[refresh]] if refresh != "NoRefresh" else 0,
        "read_end": cycles_of(standard.read_end, t),
        "write_end": cycles_of(standard.write_end, t),
        "rcd": t.get("RCD", t.get("RCDRD", 0)),
        "ras": t["RAS"],
        "rp": t.get("RP", t.get("RPpb", 0)),
        "read_precharge": cycles_of(standard.read_precharge, t),
        "write_precharge": cycles_of(standard.write_precharge, t),
        "rfc_all": lasts["all"],
        "rfc_bank": lasts.get("bank", 0),
        "rfc_set": lasts.get("set", 0),
        "response_gap": 1 if jedec else 2,
        "by_state": int(standard.books_by_state),
    }
    return np.array([values[name] for name in SCALARS], np.int64)


def units(device: ModernDevice, refresh: str) -> int:
    """Units of refresh in a rank.

    Args:
        device: whose banks are refreshed.
        refresh: the policy, one of REFRESH.

    Returns:
        How many there are; 1 where all banks are refreshed together, or none.
    """
    banks = device.banks
    return {
        "PerBank": banks,
        "Per2Bank": banks // 2,
        "SameBank": banks // device.groups,
    }.get(refresh, 1)
