"""Device, design and address mapping as the one array that the kernel reads (``layout``)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .commands import N_COMMANDS, REFPB, UNIT_COMMANDS
from .layout import (
    BURST, CHANNELS, D_BANK, D_BANKS_GROUP, D_BANKS_RANK, D_BANKS_STACK, D_CHANNELS, D_DECODE_BANK,
    D_DECODE_PLACE, D_DECODE_ROW, D_GROUP, D_LENGTH, D_NEAR, D_NEAR_USED, D_OTHER,
    D_RANK, D_RANKS, D_RELATION, D_STACK_PER_RANK, D_WINDOW, D_WINDOW_ROW, K_BANKS, K_BANK_BITS, K_BOOKS,
    K_BURSTS, K_BURST_BYTES, K_FORESEEN, K_GROUPS, K_ORDERED, K_PLAYERS, K_POLICY,
    K_STRIDE, K_UNITS, NEAR_RELATION, NEAR_ROW, NEVER, OTHER_BOTH, OTHER_RANK, OTHER_STACK,
    READ_ONLY, RELATION_ROW, REQUEST, ROUND, SAME_GROUP, SAME_RANK, SIMPLE_ARBITER,
)  # fmt: skip
from .mappings import Bits
from .state import Controller, Tables

I64 = NDArray[np.int64]
BANK_FIELDS = (
    "bank",
    "group",
    "stack",
    "rank",
    "channel",
)  # from the lowest bit of a bank's number


def packed(
    tables: Tables, design: Controller, bits: Bits, *, units: int, players: int, bursts: int,
    burst_bytes: int, books: bool, ordered: bool = False,
) -> I64:  # fmt: skip
    """What the kernel reads in front of its state.

    Args:
        tables: the device in its organisation.
        design: the controller.
        bits: the address mapping.
        units: units of refresh of a rank.
        players: initiators.
        bursts: bursts of a request.
        burst_bytes: bytes of a burst.
        books: whether residencies in power states are kept, for the energy.
        ordered: play every message where nothing depends on their order, too.

    Returns:
        (CHANNELS - READ_ONLY,) words; the state has them from READ_ONLY on.
    """
    d = np.zeros(CHANNELS, np.int64)  # positions are those in the state
    t = tables.scalars
    d[READ_ONLY : READ_ONLY + len(t)] = t
    d[K_POLICY : K_POLICY + len(design)] = design
    banks = d[D_RANKS] * d[D_BANKS_RANK]
    for field, value in (
        (K_UNITS, units), (K_GROUPS, banks // d[D_BANKS_GROUP]), (K_BANKS, banks),
        (K_PLAYERS, players), (K_BURSTS, bursts), (K_BURST_BYTES, burst_bytes), (K_BOOKS, books),
        (K_BANK_BITS, int(banks).bit_length() - 1), (K_STRIDE, REQUEST + bursts * BURST),
        (K_FORESEEN, not ordered and _foreseen(design, players == d[D_CHANNELS], bursts)),
        (K_ORDERED, ordered or (players == 1 and (d[D_CHANNELS] > 1 or bursts > 1))),
    ):  # fmt: skip
        d[field] = value
    d[D_LENGTH : D_LENGTH + N_COMMANDS] = tables.length
    d[D_WINDOW : D_WINDOW + N_COMMANDS] = tables.in_faw
    d[D_WINDOW_ROW : D_WINDOW_ROW + NEAR_ROW] = NEVER
    d[D_WINDOW_ROW : D_WINDOW_ROW + UNIT_COMMANDS][tables.in_faw[:UNIT_COMMANDS]] = 0
    for at, table in ((D_BANK, tables.bank), (D_GROUP, tables.group), (D_OTHER, tables.other_rank)):
        _rows(d, at, table, table[REFPB])
    _rows(d, D_RANK, tables.rank, tables.round[REFPB])
    _near(d, tables)
    _relations(d)
    _terms(d, D_DECODE_BANK, [bit for name in BANK_FIELDS for bit in bits.get(name, [])])
    _terms(d, D_DECODE_ROW, bits["row"])
    _terms(d, D_DECODE_PLACE, [*bits.get("burst", []), *bits["column"]])
    return d[READ_ONLY:]


def _foreseen(design: Controller, own: bool, bursts: int) -> bool:
    """Whether an answer's cycle is known with its access: in order, unsplit, no channel beside it."""
    return design.arbiter == SIMPLE_ARBITER and own and bursts == 1 and not design.reorder


def _rows(d: I64, at: int, table: I64, completes: I64) -> None:
    """A table in rows of 32 words; the last row stands for a refresh that completes a round."""
    rows = np.full((32, 32), NEVER, np.int64)
    rows[:N_COMMANDS, :N_COMMANDS] = table
    rows[ROUND, :N_COMMANDS] = completes
    d[at : at + 1024] = rows.ravel()


def _near(d: I64, tables: Tables) -> None:
    """Distances to bank commands by how two groups lie to each other, and which rows are in use."""
    stacks = tables.other_stack
    away = tables.other_rank
    by_relation = {
        SAME_GROUP: np.maximum(tables.group, tables.rank),
        SAME_RANK: tables.rank,
        OTHER_STACK: np.maximum(tables.rank, stacks),
        OTHER_RANK: away,
        OTHER_BOTH: away if d[D_STACK_PER_RANK] else np.maximum(away, stacks),
    }
    for relation, table in by_relation.items():
        values = table[:, :UNIT_COMMANDS]
        at, used = D_NEAR + relation * NEAR_RELATION, D_NEAR_USED + relation * 32
        d[at : at + N_COMMANDS * NEAR_ROW].reshape(-1, NEAR_ROW)[:, :UNIT_COMMANDS] = values
        d[used : used + N_COMMANDS] = (values > NEVER).any(axis=1)


def _relations(d: I64) -> None:
    """How the groups of a channel lie to each other."""
    rank = d[D_BANKS_RANK] // d[D_BANKS_GROUP]  # groups of a rank
    stack = d[D_BANKS_STACK] // d[D_BANKS_GROUP] if d[D_BANKS_STACK] else rank
    number = np.arange(d[D_RANKS] * rank)
    same_rank = number[:, None] // rank == number // rank
    same_stack = number[:, None] % rank // stack == number % rank // stack
    how = np.where(
        same_rank,
        np.where(same_stack, SAME_RANK, OTHER_STACK),
        np.where(same_stack, OTHER_RANK, OTHER_BOTH),
    )
    np.fill_diagonal(how, SAME_GROUP)
    for i, row in enumerate(how):
        at = D_RELATION + i * RELATION_ROW
        d[at : at + len(row)] = row


def _terms(d: I64, at: int, field: Sequence[Sequence[int]]) -> None:
    """A field of the address: bits that move by the same distance are one term."""
    moves: dict[int, set[int]] = {}
    for target, sources in enumerate(field):
        for source in sources:
            moves.setdefault(target - source, set()).symmetric_difference_update({source})
    terms = [(distance, moved) for distance, moved in moves.items() if moved]
    d[at] = len(terms)
    for i, (distance, moved) in enumerate(terms):
        low = min(moved)
        mask = sum(1 << (source - low) for source in moved)
        d[at + 1 + 3 * i : at + 4 + 3 * i] = (low, mask, low + distance)
