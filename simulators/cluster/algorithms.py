"""Whom halving-doubling and the double binary tree talk to."""

from __future__ import annotations


def log2(n: int) -> int:
    """The whole logarithm of a power of 2.

    Args:
        n: a power of 2.

    Returns:
        The exponent.
    """
    return n.bit_length() - 1


def halving_steps(kind: str, n: int, size: int) -> list[tuple[int, int]]:
    """The messages of halving-doubling, in order.

    An all-reduce goes back over the same partners. The tool halves once more before it turns, and doubles
    what was floored.

    Args:
        kind: of collective, one of KINDS.
        n: members, a power of 2.
        size: bytes of the collective (of an all-gather, of each member's part).

    Returns:
        Of each message, how far away the partner is, and its bytes.
    """
    levels = log2(n)
    if kind == "all_gather":
        return [(n >> (i + 1), size << i) for i in range(levels)]
    steps = [(1 << i, size >> (i + 1)) for i in range(levels)]
    if kind == "all_reduce":
        turned = size >> (levels + 1)
        steps += [(1 << (levels - 1 - i), turned << (i + 1)) for i in range(levels)]
    return steps


def tree_of(n: int, variant: int) -> tuple[list[int | None], list[list[int]]]:
    """One of the two double binary trees, with members numbered in order.

    The root has one child, a perfect tree of n - 1. It has the last number (variant 0) or the first (1).

    Args:
        n: members, a power of 2.
        variant: 0 or 1.

    Returns:
        Parent of each member (None of the root), and its children from left to right.
    """
    parent: list[int | None] = [None] * n
    children: list[list[int]] = [[] for _ in range(n)]

    def perfect(low: int, high: int) -> int:
        middle = (low + high) // 2
        if low < high:
            for child in (perfect(low, middle - 1), perfect(middle + 1, high)):
                parent[child] = middle
                children[middle].append(child)
        return middle

    root, low, high = (n - 1, 0, n - 2) if variant == 0 else (0, 1, n - 1)
    child = perfect(low, high)
    parent[child] = root
    children[root].append(child)
    return parent, children
