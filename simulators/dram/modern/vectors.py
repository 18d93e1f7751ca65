"""Eight words at a time: what numba has no words for, written as vectors of LLVM.

Where numba is switched off, plain Python does the same on arrays.
"""

from typing import Any

import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .layout import CYCLES_BIT, FAR, NO_KEY, W_AGE, W_BUS, W_GROUP, W_READY

LANES = 8
WORD = ir.IntType(64)
VECTOR = ir.VectorType(WORD, LANES)


def _eight(builder: Any, value: Any) -> Any:
    """A word in every lane."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, WORD(0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, one, lanes)


def _load(builder: Any, base: Any, at: Any) -> Any:
    """Eight words from place ``at`` on."""
    place = builder.bitcast(builder.gep(base, [at]), ir.PointerType(VECTOR))
    return builder.load(place, align=8)


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_signed(">", a, b), a, b)


def _smaller(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_signed("<", a, b), a, b)


def _smallest(builder: Any, vector: Any) -> Any:
    """The smallest of eight words."""
    for half in (4, 2, 1):
        lanes = [(i + half) % LANES for i in range(LANES)]
        turned = builder.shuffle_vector(
            vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes)
        )
        vector = _smaller(builder, vector, turned)
    return builder.extract_element(vector, WORD(0))


@intrinsic
def _raise_eight(typing: Any, s: Any, to: Any, row: Any, now: Any) -> Any:
    """Raise eight words to a row of distances from now on, where that is later."""

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        base, at, of, cycle = given
        new = builder.add(_load(builder, base, of), _eight(builder, cycle))
        old = _load(builder, base, at)
        place = builder.bitcast(builder.gep(base, [at]), ir.PointerType(VECTOR))
        builder.store(_larger(builder, new, old), place, align=8)
        return context.get_dummy_value()

    return types.none(s, types.int64, types.int64, types.int64), code


@intrinsic
def _scan_eights(typing: Any, s: Any, first: Any, n: Any, now: Any, bus: Any, more: Any) -> Any:
    """What :func:`scan_eights` says below, eight candidates at a time."""
    words = types.UniTuple(types.int64, 3)

    def code(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        base, begin, count, cycle, free, further = given
        now_, free_ = _eight(builder, cycle), _eight(builder, free)
        further_ = _eight(builder, further)
        far, none = _eight(builder, WORD(FAR)), _eight(builder, WORD(NO_KEY))
        before, loop, after = (
            builder.block, builder.append_basic_block("eights"), builder.append_basic_block("done"),
        )  # fmt: skip
        builder.branch(loop)
        builder.position_at_end(loop)
        i = builder.phi(WORD)
        best = [builder.phi(VECTOR) for _ in range(3)]
        i.add_incoming(begin, before)
        for phi, start in zip(best, (far, none, none)):
            phi.add_incoming(start, before)
        group: Any = ir.Constant(VECTOR, ir.Undefined)
        for lane in range(LANES):
            where = builder.load(builder.gep(base, [builder.add(i, WORD(W_GROUP + lane))]))
            ready = builder.load(builder.gep(base, [where]))
            group = builder.insert_element(group, ready, WORD(lane))
        own = _load(builder, base, builder.add(i, WORD(W_READY)))
        column = _load(builder, base, builder.add(i, WORD(W_BUS)))
        bus_ = builder.add(free_, builder.and_(further_, column))
        legal = _larger(builder, _larger(builder, own, group), bus_)
        cycles = _smaller(builder, builder.sub(legal, now_), far)
        key = builder.add(
            builder.shl(cycles, _eight(builder, WORD(CYCLES_BIT))),
            _load(builder, base, builder.add(i, WORD(W_AGE))),
        )
        on_column = builder.icmp_signed("<", column, _eight(builder, WORD(0)))
        found = (
            cycles,
            builder.select(on_column, none, key),
            builder.select(on_column, key, none),
        )
        new = [_smaller(builder, old, one) for old, one in zip(best, found)]
        following = builder.add(i, WORD(LANES))
        i.add_incoming(following, loop)
        for phi, one in zip(best, new):
            phi.add_incoming(one, loop)
        more_ = builder.icmp_signed("<", following, builder.add(begin, count))
        builder.cbranch(more_, loop, after)
        builder.position_at_end(after)
        return context.make_tuple(
            builder, signature.return_type, [_smallest(builder, one) for one in new]
        )

    given = (s, *[types.int64] * 5)
    return words(*given), code


if numba.config.DISABLE_JIT:  # as Python, an array does

    def raise_eight(s: Any, to: int, row: int, now: int) -> None:
        """Raise eight words to a row of distances from now on, where that is later."""
        for i in range(LANES):
            s[to + i] = max(s[to + i], now + s[row + i])

    def scan_eights(
        s: Any, first: int, n: int, now: int, bus: int, more: int
    ) -> tuple[int, int, int]:
        """Look at ``n`` candidates of a channel, from ``now`` on.

        Args:
            s: the state.
            first: where the first candidate stands.
            n: how many there are; those behind them up to a multiple of eight have no command.
            now: the cycle.
            bus: from which cycle on the row bus is free.
            more: how much later the column bus is.

        Returns:
            Cycles until one is legal, FAR for none; the smallest keys on the row bus and on the column bus,
            NO_KEY for none.
        """
        ahead, best = FAR, [NO_KEY, NO_KEY]
        for i in range(first, first + n):
            on_column = -s[i + W_BUS]
            legal = max(s[i + W_READY], s[s[i + W_GROUP]], bus + more * on_column)
            cycles = min(legal - now, FAR)
            ahead = min(ahead, cycles)
            key = (cycles << CYCLES_BIT) + s[i + W_AGE]
            best[on_column] = min(best[on_column], key)
        return ahead, best[0], best[1]
else:
    raise_eight, scan_eights = _raise_eight, _scan_eights
