"""Task graphs of one's own: nodes of computation, collectives and messages, read with all their faults.

A file says ``npus``, the sizes of the network's dimensions, and ``nodes``, which every NPU runs, or
``programs``, the nodes of each NPU by its number.  ``chakra`` names execution traces in place of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from archgym.documents import Faults, is_number, located, shortened

from .system import KINDS
from .workloads import Node, Programs, graph

KEYS = ("npus", "nodes", "programs", "chakra", "memory")
FIELDS = {
    "comp": ("flops", "bytes", "us"),
    "coll": ("kind", "size", "dims"),
    "send": ("dst", "size", "tag"),
    "recv": ("src", "size", "tag"),
}
MOST_NPUS = 4096
MOST = 1 << 53  # of a number in a file
SHOWN = 20  # faults that a message lists


@dataclass(frozen=True)
class GraphTask:
    """A task graph: programs of NPUs, whether computations give operations, and bytes an NPU holds."""

    name: str
    programs: Programs
    roofline: bool
    memory: float
    document: Any  # what it was made of, for its digest

    @property
    def kinds(self) -> set[str]:
        """Collectives that it uses."""
        every = {id(p): p for p in (self.programs.of(i) for i in range(self.programs.size))}
        return {n["kind"] for p in every.values() for n in p if n["op"] == "coll"}


def graph_of(document: Mapping[str, Any], path: Path) -> GraphTask:
    """The task graph of a document.

    Args:
        document: what the file says.
        path: of the file, for messages and for traces that lie beside it.

    Returns:
        The task graph, checked.

    Raises:
        ScenarioError: names what is wrong with it.
    """
    faults = Faults()
    faults.known(document, KEYS)
    npus = _sizes(document, faults)
    memory = faults.number(document, "memory", 0.0, 0.0)
    given = [key for key in ("nodes", "programs", "chakra") if key in document]
    if len(given) != 1:
        faults.add(
            f"expected one of nodes, programs and chakra, got {' and '.join(given) or 'none'}"
        )
    with located(str(path)):
        if len(given) != 1 or not npus:
            faults.raise_if_any()
        programs: dict[str, list[Node]] = {}
        with faults.collected(given[0]):
            programs = _programs(document, given[0], npus, path)
        wrong = list(_wrong(programs, npus))
        for fault in wrong[:SHOWN]:
            faults.add(fault)
        if len(wrong) > SHOWN:
            faults.add(f"and {len(wrong) - SHOWN} more")
        faults.raise_if_any()
    programs = {
        npu: [{**n, "deps": n.get("deps", [])} for n in nodes] for npu, nodes in programs.items()
    }
    first = next(iter(programs.values()))
    if all(nodes == first for nodes in programs.values()):
        programs = {"every": first}  # with it, one NPU can stand for all
    comps = [n for p in _different(programs) for n in p if n["op"] == "comp"]
    roofline = any("flops" in n for n in comps)
    made = graph(npus, programs.get("every", programs))
    return GraphTask(path.stem, made, roofline, memory, [npus, memory, programs])


def _sizes(document: Mapping[str, Any], faults: Faults) -> list[int]:
    npus = document.get("npus")
    whole = isinstance(npus, list) and all(type(n) is int and n >= 1 for n in npus)
    if not whole or not 1 <= len(npus) <= 4 or not 2 <= prod(npus) <= MOST_NPUS:  # type: ignore[arg-type]
        faults.add(
            f"key 'npus': expected the sizes of 1 to 4 dimensions, 2 to {MOST_NPUS} NPUs in all, "
            f"got {shortened(npus)}"
        )
        return []
    return list(npus)  # type: ignore[arg-type]


def _programs(
    document: Mapping[str, Any], given: str, npus: Sequence[int], path: Path
) -> dict[str, list[Node]]:
    """Nodes by NPU number, or of ``every`` NPU."""
    faults = Faults()
    value = document[given]
    if given == "chakra":
        from .chakra import read_traces

        if not isinstance(value, str):
            faults.add(
                f"key 'chakra': expected the beginning of files' names, got {shortened(value)}"
            )
            faults.raise_if_any()
        return read_traces(path.parent / value, npus)
    programs = {"every": value} if given == "nodes" else value
    if not isinstance(programs, dict):
        faults.add(f"key {given!r}: expected nodes by NPU, got {shortened(programs)}")
        programs = {}
    made = {str(npu): nodes for npu, nodes in programs.items()}
    for npu, nodes in made.items():
        if not isinstance(nodes, list) or not all(isinstance(n, dict) for n in nodes):
            faults.add(f"key {given!r}: expected a list of nodes, got {shortened(nodes)} for {npu}")
    if given == "programs":
        wanted = [str(i) for i in range(prod(npus))]
        missing = [i for i in wanted if i not in made]
        extra = [i for i in made if i not in set(wanted)]
        if missing:
            faults.add(f"{prod(npus)} NPUs, and no program for {_listed(missing)}")
        if extra:
            faults.add(f"{prod(npus)} NPUs, and programs for {_listed(extra)} too")
    faults.raise_if_any()
    return made


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _different(programs: Mapping[str, list[Node]]) -> list[list[Node]]:
    return list({id(nodes): nodes for nodes in programs.values()}.values())


def _wrong(programs: Mapping[str, list[Node]], npus: Sequence[int]) -> Iterator[str]:
    """What is wrong with programs whose forms are lists of mappings."""
    size = prod(npus)
    found = False
    for npu, nodes in programs.items():
        where = "" if npu == "every" else f"NPU {npu}: "
        for fault in _wrong_nodes(nodes, npus):
            found = True
            yield where + fault
    if found:
        return
    every = [n for nodes in _different(programs) for n in nodes if n["op"] == "comp"]
    if any("us" in n for n in every) and any("flops" in n for n in every):
        yield "some computations give flops and bytes, others us: one graph has one of both"
    messages = [n for nodes in programs.values() for n in nodes if n["op"] in ("send", "recv")]
    if "every" in programs:
        if messages:
            yield "messages between NPUs need programs by NPU, and nodes are the same for all"
        return
    yield from _unmatched(programs, size)


def _unmatched(programs: Mapping[str, list[Node]], size: int) -> Iterator[str]:
    sent: Counter[tuple[int, int, int, int]] = Counter()
    for npu, nodes in programs.items():
        for n in nodes:
            if n["op"] in ("send", "recv"):
                there = n["dst" if n["op"] == "send" else "src"]
                if not 0 <= there < size or there == int(npu):
                    yield f"NPU {npu}: node {n['id']}: NPU {there} is none of the other {size - 1}"
                elif n["op"] == "send":
                    sent[int(npu), there, n["size"], n["tag"]] += 1
                else:
                    sent[there, int(npu), n["size"], n["tag"]] -= 1
    for (a, b, length, tag), left in sent.items():
        if left:
            what = "sent and never received" if left > 0 else "received and never sent"
            yield f"a message of {length} bytes from NPU {a} to {b} with tag {tag} is {what}"
    counts = {npu: sum(n["op"] == "coll" for n in nodes) for npu, nodes in programs.items()}
    if len(set(counts.values())) > 1:
        few, many = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        yield (
            f"NPU {few} has {counts[few]} collectives and NPU {many} has {counts[many]}: collectives "
            "are matched by their order, so every NPU needs the same"
        )


def _wrong_nodes(nodes: Sequence[Node], npus: Sequence[int]) -> Iterator[str]:
    ids = [n.get("id") for n in nodes]
    if not nodes:
        yield "no nodes"
    wrong = [i for i in ids if type(i) is not int or not 0 <= i <= MOST]
    if wrong:
        yield f"node ids: expected whole numbers, got {shortened(wrong[0])}"
        return
    twice = [i for i, count in Counter(ids).items() if count > 1]
    if twice:
        yield f"node {twice[0]} stands there {ids.count(twice[0])} times"
        return
    for n in nodes:
        for fault in _wrong_node(n, set(ids), npus):
            yield f"node {n['id']}: {fault}"
    if all(isinstance(n.get("deps", []), list) for n in nodes):
        cycle = _cycle({n["id"]: n.get("deps", []) for n in nodes})
        if cycle:
            yield f"nodes wait for one another: {' -> '.join(map(str, cycle))}"


def _wrong_node(n: Node, ids: set[Any], npus: Sequence[int]) -> Iterator[str]:
    op = n.get("op")
    if op not in FIELDS:
        yield f"op: expected one of {', '.join(FIELDS)}, got {shortened(op)}"
        return
    known = ("id", "op", "deps", *FIELDS[op])
    for key in n:
        if key not in known:
            yield f"key {key!r}: unknown; a {op} has {', '.join(known)}"
    deps = n.get("deps", [])
    if not isinstance(deps, list):
        yield f"deps: expected a list of node ids, got {shortened(deps)}"
        deps = []
    for d in deps:
        if type(d) is not int or d not in ids:
            yield f"waits for node {shortened(d)}, which is not there"
    if op == "comp":
        numbers = ("us",) if "us" in n else ("flops", "bytes")
        if "us" in n and ("flops" in n or "bytes" in n):
            yield "give us, or flops and bytes"
        for key in numbers:
            if not is_number(n.get(key)) or not 0 <= n[key] <= MOST:
                yield f"{key}: expected a number of at least 0, got {shortened(n.get(key))}"
        return
    for key in FIELDS[op]:
        if key in ("kind", "dims"):
            continue
        least = 1 if key == "size" else 0
        if type(n.get(key)) is not int or not least <= n[key] <= MOST:
            yield f"{key}: expected a whole number of at least {least}, got {shortened(n.get(key))}"
    if op == "coll":
        yield from _wrong_collective(n, npus)


def _wrong_collective(n: Node, npus: Sequence[int]) -> Iterator[str]:
    if n.get("kind") not in KINDS:
        yield f"kind: expected one of {', '.join(KINDS)}, got {shortened(n.get('kind'))}"
    dims = n.get("dims")
    whole = isinstance(dims, list) and dims and all(type(d) is int for d in dims)
    if not whole or not set(dims) <= set(range(len(npus))):  # type: ignore[arg-type]
        yield f"dims: expected some of {list(range(len(npus)))}, got {shortened(dims)}"
    elif all(npus[d] == 1 for d in dims):  # type: ignore[union-attr]
        yield f"dims {dims} have one NPU: a collective needs several"


def _cycle(deps: Mapping[int, Sequence[int]]) -> list[int]:
    """Nodes that wait for one another in a circle, the first named twice; [] where there are none."""
    waits = {i: sum(d in deps for d in set(ds)) for i, ds in deps.items()}
    children: dict[int, list[int]] = {}
    for i, ds in deps.items():
        for d in set(ds):
            children.setdefault(d, []).append(i)
    free = [i for i, count in waits.items() if count == 0]
    while free:
        for child in children.get(free.pop(), []):
            waits[child] -= 1
            if waits[child] == 0:
                free.append(child)
    left = {i for i, count in waits.items() if count > 0}
    if not left:
        return []
    path = [min(left)]
    while path.count(path[-1]) == 1:
        path.append(next(d for d in deps[path[-1]] if d in left))
    return path[path.index(path[-1]) :]
