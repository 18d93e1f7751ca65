"""Convolutions, matrix products, attention and recurrences as layers; frameworks' readers share this.

Every function returns the layers whose products add up exactly to the operator's; none where a size is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod

from archgym.errors import WorkloadError

from ..layers import Layer

Shape = Sequence[int]


def check_convolution(
    inputs: Shape,
    weights: Shape,
    groups: int,
    strides: Shape,
    dilations: Shape,
    kernel: Shape | None = None,
    *,
    transposed: bool = False,
) -> list[str]:
    """What contradicts itself in a convolution.

    Args:
        inputs: (N, C, …).
        weights: (K, C / groups, …), or (C, K / groups, …) if transposed.
        groups: groups of channels.
        strides: one per axis.
        dilations: one per axis.
        kernel: extents that are given besides the weights' own.
        transposed: whether the convolution is.

    Returns:
        One sentence per contradiction.
    """
    if len(weights) < 3 or len(inputs) != len(weights):
        return [f"an input of {len(inputs)} axes and weights of {len(weights)} are no convolution"]
    if groups < 1:
        return [f"group must be at least 1, got {groups}"]
    axes = len(weights) - 2
    out = []
    channels = weights[0] if transposed else weights[1] * groups
    if inputs[1] != channels:
        per = "" if transposed or groups == 1 else f" ({groups} groups of {weights[1]})"
        out.append(f"the input has {inputs[1]} channels, the weights are for {channels}{per}")
    if weights[0] % groups:
        what = "input" if transposed else "output"
        out.append(f"{weights[0]} {what} channels do not divide into {groups} groups")
    if kernel is not None and list(kernel) != list(weights[2:]):
        out.append(f"the kernel is {list(kernel)}, the weights' is {list(weights[2:])}")
    for what, values in (("strides", strides), ("dilations", dilations)):
        if len(values) != axes or min(values) < 1:
            out.append(f"{what} must be {axes} numbers of at least 1, got {list(values)}")
    return out


def convolution(
    name: str,
    inputs: Shape,
    weights: Shape,
    outputs: Shape,
    *,
    groups: int = 1,
    strides: Shape,
    dilations: Shape,
) -> list[Layer]:
    """A convolution over any number of axes.

    Args:
        name: of the layers.
        inputs: (N, C, …).
        weights: (K, C / groups, …).
        outputs: (N, K, …).
        groups: groups of channels.
        strides: one per axis.
        dilations: one per axis.

    Returns:
        The layers.
    """
    return _loops(
        name, (inputs[0], groups, weights[0] // groups, weights[1]), outputs[2:], weights[2:],
        strides, dilations,
    )  # fmt: skip


def transposed_convolution(
    name: str, inputs: Shape, weights: Shape, *, groups: int = 1, strides: Shape, dilations: Shape
) -> list[Layer]:
    """A transposed convolution, as the plain convolutions of its phases.

    Along an axis with stride s, outputs of one phase (position modulo s) see every s-th tap of the
    kernel.  Phases with equally many taps are output channels of one convolution at stride 1 over the
    input.  Products at the border that a crop removes are counted.

    Args:
        name: of the layers.
        inputs: (N, C, …).
        weights: (C, K / groups, …).
        groups: groups of channels.
        strides: one per axis.
        dilations: one per axis.

    Returns:
        One layer per combination of phases.
    """
    axes = []
    for taps, stride, dilation in zip(weights[2:], strides, dilations):
        common = gcd(stride, dilation)
        period = stride // common
        each, more = divmod(taps, period)
        phases = [(each + 1, more), (each, period - more)]
        axes.append([(t, n, dilation // common) for t, n in phases if t and n])
    choices: list[list[tuple[int, int, int]]] = [[]]
    for axis in axes:
        choices = [[*c, phase] for c in choices for phase in axis]
    out = []
    for i, chosen in enumerate(choices):
        out += _loops(
            name if len(choices) == 1 else f"{name}_phase{i + 1}",
            (inputs[0], groups, weights[1] * prod(n for _, n, _ in chosen), weights[0] // groups),
            inputs[2:], [t for t, _, _ in chosen], [1] * len(chosen), [d for *_, d in chosen],
        )  # fmt: skip
    return out


def _loops(
    name: str,
    channels: tuple[int, int, int, int],
    outputs: Shape,
    kernel: Shape,
    strides: Shape,
    dilations: Shape,
) -> list[Layer]:
    """One layer; beyond two axes, those whose windows overlap least become batch and channels.

    ``channels`` are (N, G, K, C).  Inputs along a folded axis are counted once for each output.
    """
    n, g, k, c = channels
    axes = list(zip(outputs, kernel, strides, dilations))
    if not prod(channels) * prod(outputs) * prod(kernel):
        return []

    def overlap(axis: tuple[int, int, int, int]) -> float:
        size, taps, stride, dilation = axis
        return size * taps / ((size - 1) * stride + (taps - 1) * dilation + 1)

    while len(axes) > 2:
        folded = min(axes, key=overlap)
        axes.remove(folded)
        n, c = n * folded[0], c * folded[1]
    if len(axes) == 1:
        axes.insert(0, (1, 1, 1, 1))
    (p, r, down, dilation_h), (q, s, across, dilation_w) = axes
    return [
        Layer(
            name, N=n, G=g, K=k, C=c, P=p, Q=q, R=r, S=s, stride_h=down, stride_w=across,
            dilation_h=dilation_h, dilation_w=dilation_w,
        )
    ]  # fmt: skip


def matrix_product(
    name: str, left: Shape, right: Shape, *, left_constant: bool, right_constant: bool
) -> tuple[list[Layer], tuple[int, ...]]:
    """NumPy's ``matmul`` of two shapes.

    Leading axes of both are groups; those that one lacks lengthen the other's rows or columns.

    Args:
        name: of the layers.
        left: the left shape.
        right: the right shape.
        left_constant: whether the left side is known before inference, and so holds the weights.
        right_constant: whether the right side is.

    Returns:
        (layers, shape of the result).

    Raises:
        WorkloadError: the shapes do not multiply.
    """
    if not left or not right:
        raise WorkloadError(f"cannot multiply {list(left)} by {list(right)}: a scalar")
    a = (1, *left) if len(left) == 1 else tuple(left)
    b = (*right, 1) if len(right) == 1 else tuple(right)
    if a[-1] != b[-2]:
        raise WorkloadError(
            f"cannot multiply {list(left)} by {list(right)}: {a[-1]} columns by {b[-2]} rows"
        )
    axes = max(len(a), len(b)) - 2
    above = [1] * (axes - len(a) + 2) + list(a[:-2])
    beside = [1] * (axes - len(b) + 2) + list(b[:-2])
    groups, rows, columns = 1, a[-2], b[-1]
    leading = []
    for x, y in zip(above, beside):
        if x != y and 1 not in (x, y):
            raise WorkloadError(
                f"cannot multiply {list(left)} by {list(right)}: {x} does not broadcast to {y}"
            )
        leading.append(y if x == 1 else x)
        if x == y:
            groups *= x
        elif y == 1:
            rows *= x
        else:
            columns *= y
    shape = [*leading, *([a[-2]] if len(left) > 1 else []), *([b[-1]] if len(right) > 1 else [])]
    layers = _product(name, groups, rows, columns, a[-1], left_constant, right_constant)
    return layers, tuple(shape)


def _product(
    name: str, groups: int, rows: int, columns: int, depth: int, left: bool, right: bool
) -> list[Layer]:
    if not groups * rows * columns * depth:
        return []
    if left and not right:  # the weights stand on the left: the same product, turned
        rows, columns = columns, rows
    return [Layer(name, G=groups, K=columns, C=depth, P=rows, own_weights=int(not (left or right)))]


def einsum(
    name: str, equation: str, shapes: Sequence[Shape], constants: Sequence[bool]
) -> list[Layer]:
    """The products of an Einstein sum, contracted from left to right.

    Labels of one operand that nothing else needs are summed before. Labels that nothing sums and
    only one side has more of are scalings, not products.

    Args:
        name: of the layers.
        equation: such as ``bij,bjk->bik``.
        shapes: of the operands.
        constants: whether each is known before inference.

    Returns:
        The layers.

    Raises:
        WorkloadError: the equation does not fit the shapes.
    """
    terms, result = _labels(equation, shapes)
    sizes: dict[str, int] = {}
    for labels, shape in zip(terms, shapes):
        for label, size in zip(labels, shape):
            known = sizes.setdefault(label, size)
            if known != size and 1 not in (known, size):
                raise WorkloadError(f"{equation!r}: axis {label!r} is {known} and {size} long")
            sizes[label] = max(known, size) if min(known, size) else 0
    present = [
        {x for x, size in zip(labels, shape) if size == sizes[x]}
        for labels, shape in zip(terms, shapes)
    ]
    here, constant = present[0], constants[0]
    out: list[Layer] = []
    for i, there in enumerate(present[1:], 1):
        later = set(result).union(*present[i + 1 :])
        one = {x for x in here if x in later or x in there}
        other = {x for x in there if x in later or x in here}
        summed = (one & other) - later

        def size_of(labels: set[str]) -> int:
            return prod(sizes[x] for x in labels)

        rows, columns = one - other, other - one
        if (summed or (rows and columns)) and not (constant and constants[i]):
            out += _product(
                name if len(present) == 2 else f"{name}_{i}",
                size_of((one & other) - summed), size_of(rows), size_of(columns),
                size_of(summed), constant, constants[i],
            )  # fmt: skip
        here, constant = (one | other) - summed, constant and constants[i]
    return out


def _labels(equation: str, shapes: Sequence[Shape]) -> tuple[list[list[str]], list[str]]:
    """The labels of every operand and of the result, ellipses written out (``.0`` is the last axis)."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(shapes):
        raise WorkloadError(f"{equation!r} has {len(parts)} operands, there are {len(shapes)}")
    widest = 0

    def split(part: str, axes: int | None) -> list[str]:
        before, dots, after = part.partition("...")
        if not (before + after).isalpha() and before + after:
            raise WorkloadError(f"{equation!r}: {part!r} are no labels")
        hidden = 0 if not dots else (widest if axes is None else axes - len(before + after))
        if axes is not None and (hidden < 0 or (not dots and len(before) != axes)):
            raise WorkloadError(f"{equation!r}: {part!r} does not fit an operand of {axes} axes")
        return [*before, *(f".{i}" for i in reversed(range(hidden))), *after]

    terms = []
    for part, shape in zip(parts, shapes):
        labels = split(part, len(shape))
        widest = max(widest, sum(x.startswith(".") for x in labels))
        terms.append(labels)
    if arrow:
        result = split(right, None)
    else:
        seen = [x for labels in terms for x in labels]
        result = sorted(x for x in set(seen) if seen.count(x) == 1 or x.startswith("."))
    unknown = set(result).difference(*terms)
    if unknown:
        raise WorkloadError(f"{equation!r}: {', '.join(sorted(unknown))} is in no operand")
    return terms, result


def attention(
    name: str,
    *,
    batch: int,
    heads: int,
    kv_heads: int,
    queries: int,
    keys: int,
    size: int,
    value_size: int,
) -> list[Layer]:
    """Scores and weighted values; query heads that share a key head are rows of one product.

    Masked scores are counted: a causal mask saves nothing here.

    Args:
        name: of the layers.
        batch: inputs at once.
        heads: heads of queries.
        kv_heads: heads of keys and values.
        queries: tokens that ask.
        keys: tokens that answer, the past included.
        size: of a query's and a key's head.
        value_size: of a value's head.

    Returns:
        Two layers: scores and values.

    Raises:
        WorkloadError: the heads do not divide.
    """
    if kv_heads < 1 or heads < 1 or heads % kv_heads:
        raise WorkloadError(f"{heads} query heads do not divide among {kv_heads} key heads")
    groups, rows = batch * kv_heads, heads // kv_heads * queries
    return [
        *_product(f"{name}_scores", groups, rows, keys, size, False, False),
        *_product(f"{name}_values", groups, rows, value_size, keys, False, False),
    ]


def recurrent(
    name: str,
    *,
    gates: int,
    steps: int,
    batch: int,
    inputs: int,
    hidden: int,
    directions: int = 1,
    projection: int = 0,
) -> list[Layer]:
    """An LSTM (4 gates), a GRU (3) or a plain recurrence (1).

    All inputs are multiplied at once; the state is multiplied once per step.

    Args:
        name: of the layers.
        gates: gates of a cell.
        steps: length of the sequence.
        batch: sequences at once.
        inputs: size of an input.
        hidden: size of the state.
        directions: 1 or 2.
        projection: size to which the state is projected; 0 for none.

    Returns:
        The layers.
    """
    if not steps * batch * directions * gates * hidden:
        return []
    out = []
    if inputs:
        out.append(
            Layer(f"{name}_input", N=batch, K=directions * gates * hidden, C=inputs, P=steps)
        )
    state = projection or hidden
    out.append(
        Layer(f"{name}_state", N=batch, G=directions, K=gates * hidden, C=state, count=steps)
    )
    if projection:
        out.append(
            Layer(f"{name}_projection", N=batch, G=directions, K=projection, C=hidden, count=steps)
        )
    return out
