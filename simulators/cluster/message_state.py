"""What the compiled simulation of every message works on: tables that stay, and state that changes; ns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NONE = -1
# algorithms of a phase, and what a node is
RING, DIRECT, HALVING, TREE, WHOLE = range(5)
COMPUTE, COLLECTIVE, SEND, RECEIVE = range(4)
NOTHING = -1  # ns of a computation without operations: it is over where it would begin
# which packets are reduced when they come
NEVER, ALWAYS, ODD_GROUPS = range(3)
# columns of Tables.phases
(
    ALGORITHM, COUNT, STRIDE, SIZE, SENDS, PARALLEL, REDUCED, HALF, REDUCES, ENDPOINT, STEPS, LEVELS, CHARGE,
    TIME, QUEUE_OF, PART, TURN, TREE_OF,
) = range(18)  # fmt: skip
# columns of Tables.bounds
LEAST, BUSY, REST = range(3)
# columns of Tables.classes
FIRST_PHASE, PHASES, CHUNKS, KIND = range(4)
# columns of Tables.nodes
OP, VALUE, PEER, BYTES, TAG, FIRST_EDGE, LAST_EDGE = range(7)
# columns of State.npus
(
    NODE_BASE, STATE_BASE, NODE_COUNT, LEFT, FINISH, COMPUTED, COMMUNICATED, ENDED, TAGS, CHUNKS_LEFT,
    RUNNING_NODE, BEGAN, NUMBER, GROUP, GROUP_AT, GROUP_ME,
) = range(16)  # fmt: skip
# columns of State.chunks
(
    CLASS, AT, CHUNK_TAG, SENT, RECEIVED, MADE, CREDITS, UNREDUCED_LEFT, REDUCED_LEFT, ODD, FOLDED, FOLLOWING,
) = range(12)  # fmt: skip
# columns of State.queues
HEAD, TAIL, RUNNING = range(3)
# what is called
(
    END_NODE, READY, CHARGED, ARRIVED, FROM_CHILD, FROM_PARENT, FOLD, FOLDED_ONE, UP, DOWN_AFTER, DOWN,
    DONE, BEGIN,
) = range(13)  # fmt: skip
# what a waiting event is: calls of an NPU that belong to one ns, or one of these
ARRIVE, HOP, FREE, CALL = range(4)
# what is asked for while a call is carried out
LATER, SENDING, RECEIVING = range(3)
# columns of State.clock
(
    NOW,
    SCHEDULED,
    WAITING,
    CURRENT,
    BEGUN,
    REQUESTS,
    FREE_ENTRIES,
    FREE_CALLS,
    FREE_POSTS,
    MESSAGES,
) = range(10)
FINISHED, MORE, TOO_LONG = range(3)


class Tables(NamedTuple):
    """What does not change: the cluster, the programs, and the phases of each class of collective."""

    dims: Ints  # (d, 4) NPUs, topology, NPUs of the whole dimension, distance of neighbours in it
    latency: Floats  # (d,) ns
    rate: Floats  # (d,) bytes per ns
    phases: Ints
    bounds: Floats  # (p, 3) ns of each phase: what ports need at least, are busy, and what is no sending
    classes: Ints  # (c, 4); a class a kind, size, dimensions and communicator group
    steps: Ints  # of halving-doubling: how far, bytes, ns of reduction
    trees: Ints  # (members, 4) of each double binary tree: parent, two children, number of children
    groups: Ints  # members of communicator groups, one group after another
    nodes: Ints  # (n, columns) of all different programs, in order of id
    edges: Ints  # nodes that wait, by place in their program
    # capacity, queues of a dimension, chunks that an NPU keeps, bounded, aware, topology, NPUs in all
    rules: Ints


class State(NamedTuple):
    """What goes on. Entries, calls and posts are pools, with the places that are free in stacks."""

    npus: Ints  # (n, columns)
    busy: Ints  # (n, 2) computation, communication
    least: Floats  # (n, d) ns that ports of a dimension need at least
    port_free: Floats  # (n, d) ns from the begin of the collective
    turns: Ints  # (n, 3, d) queues taken in turn
    trees: Ints  # (n, 4, d) which tree is next
    waits: Ints  # (i,) of each node of each NPU: nodes it waits for
    spans: Ints  # (i, 2) begin and end, NONE where it has none
    owner: Ints  # (i,) NPU of each node
    order: Ints  # (i,) of each NPU, its nodes in the order in which they ended
    ready: Ints  # (3, i) heaps of nodes: computations, communication, receives
    readies: Ints  # (n, 3)
    chunks: Ints  # (n * kept, columns)
    places: Ints  # (n * kept, phases, 3) queue, direction, tree
    queues: Ints  # (n, q, 3)
    links: Ints  # (l, 3) first and last post that waits, whether it is taken
    heap: Ints  # (m, 3) time, which of all, what: 2 entry, or 2 post + 1
    entries: Ints  # (m, 9) four numbers of a key, next of its bucket, first and last call, messages there
    buckets: Ints  # a power of 2
    calls: Ints  # (m, 4) what, whose, number, next
    posts: Ints  # (m, 8) what, four numbers of a key, node that sends, where it is, next
    free: Ints  # (3, m)
    requests: Ints  # (r, 8)
    clock: Ints
