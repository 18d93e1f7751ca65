"""A transformer's training step, prefill or decode as nodes of one NPU.

Layers are divided over dimensions of the network; 2 bytes per element; every division of integers is floored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from .models import MODELS, Shape
from .system import coordinates, number

ELEMENT = 2  # bytes
# what of a layer's activations is computed again before its backward pass: nothing, the core of attention
# (scores, softmax and their product with the values), or all from the layer's input
RECOMPUTE = ("none", "selective", "full")


@dataclass(frozen=True)
class Costs:
    """Operations and bytes of the parts of a layer on one NPU, for one micro-batch of ``tokens`` tokens."""

    tokens: int
    activation: int
    keys: int  # bytes of keys and values of the tokens
    attention: tuple[int, int]
    core: tuple[
        int, int
    ]  # of attention, what has no weights: queries with keys, scores with values
    mlp: tuple[int, int]
    head: tuple[int, int]
    shared: int  # parameters of a layer whose gradients data-parallel NPUs share
    layer: int  # parameters of a layer

    def attention_back(self, recompute: str) -> tuple[int, int]:
        """Backward attention: twice the forward one, and its core once more where that was not kept.

        Args:
            recompute: of RECOMPUTE.

        Returns:
            Operations and bytes.
        """
        again = 1 if recompute == "selective" else 0
        a, b = (2 * whole + again * core for whole, core in zip(self.attention, self.core))
        return a, b


def costs_of(shape: Shape, mode: str, tokens: int, span: int, tensor: int, data: int) -> Costs:
    """Costs of a layer on one NPU, for one micro-batch.

    Args:
        shape: of the model.
        mode: ``train``, ``prefill`` or ``decode``.
        tokens: of the micro-batch on this NPU.
        span: keys that a query sees.
        tensor: NPUs that share each matrix.
        data: copies, over which experts are spread.

    Returns:
        Operations and bytes.
    """
    t, d = tokens, shape.width
    kv = d * shape.kv_heads // shape.heads
    attention = (d * (d + 2 * kv) + d * d) // tensor
    matrices = 3 if shape.gated else 2
    one = matrices * d * shape.ff // tensor
    experts = shape.experts or 1
    spread = data if shape.experts else 1  # experts are spread over the data dimensions
    mlp = one * max(1, experts // spread)
    k = shape.top_k or 1
    cache = (
        2 * ELEMENT * span * kv * t // tensor
        if mode == "decode"
        else 2 * ELEMENT * t * kv // tensor
    )
    touched = attention + 4 * t * d // tensor + 2 * t * d
    return Costs(
        tokens=t,
        activation=t * d * ELEMENT,
        keys=2 * ELEMENT * t * kv // tensor,
        attention=(2 * t * attention + 4 * t * span * d // tensor, ELEMENT * touched + cache),
        core=(4 * t * span * d // tensor, ELEMENT * (4 * t * d // tensor)),
        mlp=(2 * t * k * one, ELEMENT * (mlp + 2 * t * k * d + matrices * t * k * shape.ff // tensor)),
        head=(
            2 * t * d * shape.vocabulary // tensor,
            ELEMENT * (d * shape.vocabulary // tensor + t * d + t * shape.vocabulary // tensor),
        ),
        shared=attention + (0 if shape.experts else mlp),
        layer=attention + mlp,
    )  # fmt: skip


class Builder:
    """Adds the nodes of one NPU in order."""

    def __init__(
        self, npus: Sequence[int], npu: int, costs: Costs, shape: Shape, mode: str, zero: int,
        tp: list[int], dp: list[int], pp: list[int], sp: list[int], recompute: str = "none",
    ) -> None:  # fmt: skip
        self.recompute = recompute
        self.npus, self.costs, self.shape, self.mode, self.zero = npus, costs, shape, mode, zero
        self.tp, self.dp, self.pp, self.sp = tp, dp, pp, sp
        self.copies = sorted([*dp, *sp])  # dimensions whose NPUs hold the same weights
        self.nodes: list[dict[str, Any]] = []
        self.previous: int | None = None
        self.layer_ends: list[int] = []  # for weights that are gathered one layer ahead
        self.position = coordinates(npu, npus)
        self.stages = prod(npus[x] for x in pp)
        self.stage = number([self.position[x] for x in pp], [npus[x] for x in pp])

    def add(self, op: str, deps: Sequence[int | None], **more: Any) -> int:
        """Add a node.

        Args:
            op: ``comp``, ``coll``, ``send`` or ``recv``.
            deps: numbers of nodes to wait for; None is left out.
            more: what else the node says.

        Returns:
            The node's number.
        """
        known = sorted({d for d in deps if d is not None})
        self.nodes.append({"id": len(self.nodes), "op": op, "deps": known, **more})
        return len(self.nodes) - 1

    def peer(self, delta: int) -> int:
        """The NPU at the same place of another stage.

        Args:
            delta: how many stages on; negative for earlier stages.

        Returns:
            The NPU's number.
        """
        place = list(self.position)
        there = coordinates(self.stage + delta, [self.npus[x] for x in self.pp])
        for x, at in zip(self.pp, there):
            place[x] = at
        return number(place, self.npus)

    def compute(self, cost: tuple[int, int], times: int = 1, after: Sequence[int] = ()) -> None:
        """Add work on the critical path.

        Args:
            cost: operations and bytes.
            times: how often it is done; backward is twice the work of forward.
            after: numbers of nodes to wait for, besides the path.
        """
        flops, size = times * cost[0], times * cost[1]
        self.previous = self.add("comp", [self.previous, *after], flops=flops, bytes=size)

    def collective(
        self, kind: str, size: int, dims: list[int], deps: Sequence[int] | None = None
    ) -> int | None:
        """Add a collective over the dimensions with more than one NPU.

        Args:
            kind: of collective, one of KINDS.
            size: bytes.
            dims: dimensions over which it goes.
            deps: numbers of nodes to wait for (default: the critical path).

        Returns:
            The node's number; None where no dimension has more than one NPU.
        """
        over = [x for x in dims if self.npus[x] > 1]
        if not over:
            return None
        before = [self.previous] if deps is None else deps
        return self.add("coll", before, kind=kind, size=size, dims=over)

    def wait_for(self, kind: str, size: int, dims: list[int]) -> None:
        """Add a collective on the critical path.

        Args:
            kind: of collective, one of KINDS.
            size: bytes.
            dims: dimensions over which it goes.
        """
        made = self.collective(kind, size, dims)
        if made is not None:
            self.previous = made

    def gathered(self) -> list[int]:
        """With fully sharded weights: the gathering of a layer's weights, one layer ahead."""
        if self.zero < 3 or not self.copies or self.mode != "train":
            return []
        deps = [self.layer_ends[-2]] if len(self.layer_ends) >= 2 else []
        made = self.collective("all_gather", self._shard, self.copies, deps)
        return [] if made is None else [made]

    @property
    def _shard(self) -> int:
        return self.costs.shared * ELEMENT // prod(self.npus[x] for x in self.copies)

    def layer(self, times: int) -> None:
        """Add one layer; NPUs that divide sequences gather keys and values, and share their gradients.

        Args:
            times: 1 forward, 2 backward, which is twice the work. Where all is recomputed, backward goes
                forward once more.
        """
        c, gathered = self.costs, self.gathered()
        self.wait_for("all_gather", c.keys, self.sp)
        if times > 1:
            if self.recompute == "full":
                self.compute(c.attention, 1, gathered)
                self.rest_of_layer(1)
                gathered = []
            self.compute(c.attention_back(self.recompute), 1, gathered)
            whole = c.keys * prod(self.npus[x] for x in self.sp)
            self.wait_for("reduce_scatter", whole, self.sp)
        else:
            self.compute(c.attention, 1, gathered)
        self.rest_of_layer(times)
        assert self.previous is not None
        self.layer_ends.append(self.previous)

    def rest_of_layer(self, times: int) -> None:
        """Add what follows attention: the tensor-parallel sums, the MLP or the experts and their exchange.

        Args:
            times: 1 forward, 2 backward.
        """
        c, experts = self.costs, self.shape.experts and self.mode == "train"
        exchanged = c.activation * (self.shape.top_k or 1)
        self.wait_for("all_reduce", c.activation, self.tp)
        if experts:
            self.wait_for("all_to_all", exchanged, self.dp)
        self.compute(c.mlp, times)
        if experts:
            self.wait_for("all_to_all", exchanged, self.dp)
        self.wait_for("all_reduce", c.activation, self.tp)

    def receive(self, delta: int, tag: int) -> None:
        """Take in activations or gradients of another stage.

        Args:
            delta: how many stages on it is.
            tag: of the message.
        """
        made = self.add("recv", [], src=self.peer(delta), size=self.costs.activation, tag=tag)
        self.previous = self.add("comp", [self.previous, made], flops=1, bytes=1)

    def send(self, delta: int, tag: int) -> None:
        """Send activations or gradients to another stage; the program goes on meanwhile.

        Args:
            delta: how many stages on it is.
            tag: of the message.
        """
        size = self.costs.activation
        self.add("send", [self.previous], dst=self.peer(delta), size=size, tag=tag)

    def forward(self, micro: int, layers: int) -> None:
        """Add a micro-batch's way through this stage.

        Args:
            micro: its number.
            layers: of this stage.
        """
        if self.stage > 0:
            self.receive(-1, 2 * micro)
        for _ in range(layers):
            self.layer(1)
        if self.stage == self.stages - 1:
            self.compute(self.costs.head)
        else:
            self.send(1, 2 * micro)

    def backward(self, micro: int, layers: int, last: bool, gradients: list[int]) -> None:
        """Add a micro-batch's way back through this stage.

        Args:
            micro: its number.
            layers: of this stage.
            last: whether it is the last one; its gradients are shared layer by layer.
            gradients: numbers of the nodes that share gradients; more are appended.
        """
        if self.stage < self.stages - 1:
            self.receive(1, 2 * micro + 1)
        else:
            self.compute(self.costs.head, 2)
        kind = "all_reduce" if self.zero == 0 else "reduce_scatter"
        for _ in range(layers):
            self.layer(2)
            made = (
                self.collective(kind, self.costs.shared * ELEMENT, self.copies)
                if last and self.copies
                else None
            )
            if made is not None:
                gradients.append(made)
        if self.stage > 0:
            self.send(-1, 2 * micro + 1)

    def optimizer(self, layers: int, gradients: list[int]) -> None:
        """Add the update of the weights, sharded or not, and their distribution.

        Args:
            layers: of this stage.
            gradients: numbers of the nodes that share gradients, which it waits for.
        """
        data = prod(self.npus[x] for x in self.copies)
        parameters = self.costs.layer * layers // (data if self.zero else 1)
        self.compute((4 * parameters, 18 * parameters), after=gradients)
        if self.zero in (1, 2) and self.copies:
            for _ in range(layers):
                self.collective("all_gather", self._shard, self.copies)


def transformer(
    npus: Sequence[int],
    npu: int,
    model: str | Shape,
    mode: str,
    batch: int,
    seq: int,
    tp: Sequence[int] = (),
    dp: Sequence[int] = (),
    pp: Sequence[int] = (),
    micro: int = 1,
    zero: int = 0,
    schedule: str = "gpipe",
    layers: int | None = None,
    ctx: int = 0,
    steps: int = 1,
    sp: Sequence[int] = (),
    recompute: str = "none",
) -> list[dict[str, Any]]:
    """The program of one NPU.

    Args:
        npus: NPUs along each dimension of the network.
        npu: which one.
        model: a name of MODELS, or a shape.
        mode: ``train``, ``prefill`` or ``decode``.
        batch: sequences of a step in all.
        seq: tokens of a sequence.
        tp: dimensions of tensor parallelism.
        dp: dimensions of data parallelism.
        pp: dimensions of pipeline stages.
        micro: micro-batches of a step.
        zero: what is sharded over the data dimensions: 0 nothing, 1 optimizer, 3 weights too.
        schedule: of the pipeline, ``gpipe`` or ``1f1b``.
        layers: how many are simulated (default: all).
        ctx: tokens of context before a decode step.
        steps: decode steps.
        sp: dimensions of sequence parallelism, over which the tokens of a sequence are divided.
        recompute: what is computed again before a layer's backward pass, of RECOMPUTE.

    Returns:
        Its nodes in order; see :mod:`~.workloads`.
    """
    shape = MODELS[model] if isinstance(model, str) else model
    data, tensor, stages, parts = (prod(npus[x] for x in dims) for dims in (dp, tp, pp, sp))
    a_stage = max(1, (layers or shape.layers) // stages)
    tokens = max(1, batch // (data * micro)) * (1 if mode == "decode" else seq // parts)
    span = ctx + 1 if mode == "decode" else seq
    costs = costs_of(shape, mode, tokens, span, tensor, data)
    b = Builder(
        npus, npu, costs, shape, mode, zero, list(tp), list(dp), list(pp), list(sp), recompute
    )
    if mode != "train":
        for step in range(steps if mode == "decode" else 1):
            for i in range(micro):
                b.forward(step * micro + i, a_stage)
        return b.nodes
    gradients: list[int] = []
    if schedule == "gpipe":
        for i in range(micro):
            b.forward(i, a_stage)
        for i in reversed(range(micro)):
            b.backward(i, a_stage, i == 0, gradients)
    else:  # one forward, one backward, after as many forwards as stages follow
        started = min(micro, stages - 1 - b.stage)
        for i in range(started):
            b.forward(i, a_stage)
        for i in range(micro):
            if started < micro:
                b.forward(started, a_stage)
                started += 1
            b.backward(i, a_stage, i == micro - 1, gradients)
    b.optimizer(a_stage, gradients)
    return b.nodes
