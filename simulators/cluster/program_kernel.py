"""Compiled: the transformer's nodes, as :mod:`~.transformer` makes them, for one NPU of every stage."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import inlined, part
from .step_kernel import COLLECTIVE, COMPUTE, RECEIVE, SEND, Nodes

Ints = NDArray[np.int64]
# classes of collectives
ACTIVATIONS, EXPERTS, WEIGHTS, GRADIENTS, KEYS, KEY_GRADIENTS = range(6)
CLASSES = 6


class Times(NamedTuple):
    """Nanoseconds of computations, forward and backward; NOTHING where there is none."""

    attention: Ints  # (2,) the backward one with what of it is computed again
    mlp: Ints  # (2,)
    head: Ints  # (2,)
    optimizer: int
    message: int  # the node that takes a message in


class Plan(NamedTuple):
    """What a step is made of."""

    stages: int
    layers: int  # of a stage
    micro: int  # micro-batches, of all steps of a decode
    train: bool
    gpipe: bool
    zero: int
    again: bool  # whether a layer goes forward once more before its backward pass
    there: Ints  # (CLASSES,) 1 where a collective of the class has someone to talk to


class Cursor(NamedTuple):
    """Where a program is: ``at`` is the stage, the last node of the critical path, the number of layers."""

    at: Ints  # (3,)
    ends: Ints  # last node of the critical path of each layer


@part
def _add(nodes: Nodes, cursor: Cursor, op: int, value: int) -> int:
    n = nodes.counts[0]
    nodes.counts[0] += 1
    nodes.op[n], nodes.value[n], nodes.stage[n] = op, value, cursor.at[0]
    nodes.waits[n], nodes.first[n] = 0, -1
    return n


@part
def _after(nodes: Nodes, node: int, before: int) -> None:
    if before >= 0:
        e = nodes.counts[1]
        nodes.counts[1] += 1
        nodes.to[e], nodes.following[e] = node, nodes.first[before]
        nodes.first[before] = e
        nodes.waits[node] += 1


@part
def _compute(nodes: Nodes, cursor: Cursor, time: int, also: int) -> None:
    n = _add(nodes, cursor, COMPUTE, time)
    _after(nodes, n, cursor.at[1])
    _after(nodes, n, also)
    cursor.at[1] = n


@part
def _wait_for(nodes: Nodes, cursor: Cursor, plan: Plan, which: int) -> None:
    if plan.there[which]:
        n = _add(nodes, cursor, COLLECTIVE, which)
        _after(nodes, n, cursor.at[1])
        cursor.at[1] = n


@part
def _layer(nodes: Nodes, cursor: Cursor, plan: Plan, times: Times, back: int) -> None:
    gathered = -1
    if plan.train and plan.zero >= 3 and plan.there[WEIGHTS]:
        gathered = _add(nodes, cursor, COLLECTIVE, WEIGHTS)
        if cursor.at[2] >= 2:
            _after(nodes, gathered, cursor.ends[cursor.at[2] - 2])
    _wait_for(nodes, cursor, plan, KEYS)
    for way in range(0 if back and plan.again else back, back + 1):
        _compute(nodes, cursor, times.attention[way], gathered)
        gathered = -1
        if way:
            _wait_for(nodes, cursor, plan, KEY_GRADIENTS)
        _wait_for(nodes, cursor, plan, ACTIVATIONS)
        _wait_for(nodes, cursor, plan, EXPERTS)
        _compute(nodes, cursor, times.mlp[way], -1)
        _wait_for(nodes, cursor, plan, EXPERTS)
        _wait_for(nodes, cursor, plan, ACTIVATIONS)
    cursor.ends[cursor.at[2]] = cursor.at[1]
    cursor.at[2] += 1


@part
def _message(stage: int, tag: int, plan: Plan) -> int:
    """Number of the message with a tag that goes to a stage."""
    return stage * 2 * plan.micro + tag


@part
def _receive(nodes: Nodes, cursor: Cursor, plan: Plan, times: Times, tag: int) -> None:
    n = _add(nodes, cursor, RECEIVE, _message(cursor.at[0], tag, plan))
    _compute(nodes, cursor, times.message, n)


@part
def _send(nodes: Nodes, cursor: Cursor, plan: Plan, there: int, tag: int) -> None:
    n = _add(nodes, cursor, SEND, _message(there, tag, plan))
    _after(nodes, n, cursor.at[1])


@part
def _forward(nodes: Nodes, cursor: Cursor, plan: Plan, times: Times, micro: int) -> None:
    stage = cursor.at[0]
    if stage > 0:
        _receive(nodes, cursor, plan, times, 2 * micro)
    for _ in range(plan.layers):
        _layer(nodes, cursor, plan, times, 0)
    if stage == plan.stages - 1:
        _compute(nodes, cursor, times.head[0], -1)
    else:
        _send(nodes, cursor, plan, stage + 1, 2 * micro)


@part
def _backward(
    nodes: Nodes, cursor: Cursor, plan: Plan, times: Times, micro: int, last: bool, made: Ints
) -> None:
    stage = cursor.at[0]
    if stage < plan.stages - 1:
        _receive(nodes, cursor, plan, times, 2 * micro + 1)
    else:
        _compute(nodes, cursor, times.head[1], -1)
    for i in range(plan.layers):
        _layer(nodes, cursor, plan, times, 1)
        if last and plan.there[GRADIENTS]:
            made[i] = _add(nodes, cursor, COLLECTIVE, GRADIENTS)
            _after(nodes, made[i], cursor.at[1])
    if stage > 0:
        _send(nodes, cursor, plan, stage - 1, 2 * micro + 1)


@part
def _optimizer(nodes: Nodes, cursor: Cursor, plan: Plan, times: Times, made: Ints) -> None:
    _compute(nodes, cursor, times.optimizer, -1)
    if plan.there[GRADIENTS]:
        for i in range(plan.layers):
            _after(nodes, cursor.at[1], made[i])
    if 1 <= plan.zero <= 2 and plan.there[WEIGHTS]:
        for _ in range(plan.layers):
            n = _add(nodes, cursor, COLLECTIVE, WEIGHTS)
            _after(nodes, n, cursor.at[1])


@inlined
def _program(
    plan: Plan, times: Times, nodes: Nodes, cursor: Cursor, made: Ints, starts: Ints
) -> None:
    for stage in range(plan.stages):
        cursor.at[0], cursor.at[1], cursor.at[2] = stage, -1, 0
        begun = plan.micro
        if plan.train and not plan.gpipe:  # as many forwards ahead as stages follow
            begun = min(plan.micro, plan.stages - 1 - stage)
        forwards = backwards = 0
        while forwards < plan.micro or (plan.train and backwards < plan.micro):
            if forwards < begun or (forwards == begun + backwards and forwards < plan.micro):
                _forward(nodes, cursor, plan, times, forwards)
                forwards += 1
            else:
                micro = plan.micro - 1 - backwards if plan.gpipe else backwards
                last = backwards == plan.micro - 1
                _backward(nodes, cursor, plan, times, micro, last, made)
                backwards += 1
        if plan.train:
            _optimizer(nodes, cursor, plan, times, made)
        starts[stage + 1] = nodes.counts[0]


def program(plan: Plan, times: Times) -> tuple[Nodes, Ints]:
    """The programs of a pipeline, one NPU per stage.

    Args:
        plan: how many stages, layers and micro-batches there are, and in what order they go.
        times: ns of each part of a layer.

    Returns:
        The nodes of all stages, and the first node of each stage with the number of all, (stages + 1,).
    """
    passes = 2 + plan.again if plan.train else 1
    most = plan.stages * (passes * plan.micro * (plan.layers * 9 + 3) + 2 * plan.layers + 1)
    op, value, at, waits, first = (np.empty(most, np.int64) for _ in range(5))
    following, to = (np.empty(2 * most, np.int64) for _ in range(2))
    nodes = Nodes(op, value, at, waits, first, following, to, np.zeros(2, np.int64))
    starts = np.zeros(plan.stages + 1, np.int64)
    ends = np.empty(passes * plan.micro * plan.layers, np.int64)
    cursor = Cursor(np.zeros(3, np.int64), ends)
    _program(plan, times, nodes, cursor, np.empty(plan.layers, np.int64), starts)
    return nodes, starts
