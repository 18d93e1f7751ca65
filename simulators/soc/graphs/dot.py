"""Directed graphs in Graphviz' DOT language.

A task's work is ``work_instructions``, or ``size`` (operations). An edge's bytes are ``bytes``, or
``size``, as SimGrid and daggen write them. An edge with neither is a control edge of 0 bytes. The
other columns of the CSV files are attributes too. What else a drawing needs is passed over. Chains,
subgraphs as ends of edges and defaults (``node [...]``) are read as Graphviz reads them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from archgym.errors import WorkloadError

from ..task_graph import Workload
from .tables import Row, build, read_text, short

DEEPEST = 50  # subgraphs in one another
TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/|^\#[^\n]*)
    |(?P<quoted>"(?:\\.|[^"\\])*")
    |(?P<name>[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?(?![\w.])|[^\W\d]\w*)
    |(?P<mark>->|--|[{}\[\];,=:+])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def read_dot(path: Path) -> Workload:
    """The workload of a ``.dot`` or ``.gv`` file.

    Args:
        path: the file.

    Returns:
        The workload.

    Raises:
        WorkloadError: not a digraph, broken syntax, or the faults of its tasks and edges.
    """
    try:
        parser = _Parser(_tokens(read_text(path)))
        parser.graph()
    except _SyntaxFault as fault:
        raise WorkloadError(f"{path}, {fault}") from None
    tasks = []
    for name, (line, found) in parser.nodes.items():
        columns = {**found, "task": name}
        if "work_instructions" not in columns and "size" in columns:
            columns["work_instructions"] = columns["size"]
        tasks.append(Row(f"line {line}", columns))
    edges = []
    for line, a, b, found in parser.edges:
        amount = found.get("bytes", found.get("size", "0"))
        edges.append(Row(f"line {line}", {**found, "parent": a, "child": b, "bytes": amount}))
    return build(path, tasks, edges)


class _SyntaxFault(Exception):
    pass


@dataclass(frozen=True)
class _Token:
    kind: str  # quoted, name, mark or end
    text: str
    line: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of the language's words, in any case, unquoted."""
        return self.kind == "name" and self.text.lower() in words


def _tokens(text: str) -> list[_Token]:
    out, at, line = [], 0, 1
    while at < len(text):
        if text[at] == "<":  # an HTML text, up to the bracket that closes it
            depth, end = 1, at + 1
            while end < len(text) and depth:
                depth += {"<": 1, ">": -1}.get(text[end], 0)
                end += 1
            kind = "quoted"
        elif match := TOKEN.match(text, at):
            end, kind = match.end(), match.lastgroup or ""
        else:
            raise _SyntaxFault(f"line {line}: cannot read {short(text[at : at + 20])}")
        if kind != "skip":
            value = text[at:end]
            if kind == "quoted":
                value = value[1:-1].replace("\\\n", "").replace('\\"', '"')
            out.append(_Token(kind, value, line))
        line += text.count("\n", at, end)
        at = end
    return [*out, _Token("end", "the end of the file", line)]


@dataclass
class _Scope:
    """Defaults that hold between braces, and the nodes named there."""

    node: dict[str, str] = field(default_factory=dict)
    edge: dict[str, str] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)


class _Parser:
    """The grammar of graphviz.org/doc/info/lang.html; fills ``nodes`` and ``edges``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens, self.at = tokens, 0
        self.nodes: dict[str, tuple[int, dict[str, str]]] = {}
        self.edges: list[tuple[int, str, str, dict[str, str]]] = []
        self.strict, self.depth = False, 0

    # ---- tokens
    @property
    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *marks: str) -> bool:
        """Step over a mark, if it is the next token."""
        if self.next.kind == "mark" and self.next.text in marks:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.take(mark):
            self.fail(f"{mark!r}")

    def fail(self, expected: str) -> None:
        token = self.next
        raise _SyntaxFault(f"line {token.line}: expected {expected}, got {short(token.text)}")

    def word(self) -> str:
        """A name or text; quoted parts may be joined with ``+``."""
        if self.next.kind not in ("name", "quoted"):
            self.fail("a name")
        text = self.next.text
        self.at += 1
        while self.next.text == "+" and self.next.kind == "mark":
            self.at += 1
            text += self.next.text
            self.at += 1
        return text

    # ---- grammar
    def graph(self) -> None:
        if self.next.is_word("strict"):
            self.strict = True
            self.at += 1
        if self.next.is_word("graph"):
            raise _SyntaxFault(
                f"line {self.next.line}: the graph is undirected; a task graph is a digraph, whose "
                "edges lead from parent to child (->)"
            )
        if not self.next.is_word("digraph"):
            self.fail("'digraph'")
        self.at += 1
        if self.next.text != "{":
            self.word()
        self.expect("{")
        self.statements(_Scope())
        if self.next.kind != "end":
            self.fail("the end of the file (one graph a file)")
        if self.strict:  # one edge between two nodes, with the attributes of all
            merged: dict[tuple[str, str], tuple[int, str, str, dict[str, str]]] = {}
            for line, a, b, found in self.edges:
                merged.setdefault((a, b), (line, a, b, {}))[3].update(found)
            self.edges = list(merged.values())

    def statements(self, scope: _Scope) -> None:
        """Statements up to the closing brace."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"at most {DEEPEST} subgraphs in one another")
        while not self.take("}"):
            if self.take(";", ","):
                continue
            if self.next.is_word("graph", "node", "edge"):
                kind = self.word().lower()
                defaults = {"node": scope.node, "edge": scope.edge}.get(kind, {})
                defaults.update(self.attributes())
            else:
                self.statement(scope)
        self.depth -= 1

    def statement(self, scope: _Scope) -> None:
        """An assignment, a node, a subgraph, or a chain of edges."""
        token, following = self.next, self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if token.kind in ("name", "quoted") and (following.kind, following.text) == ("mark", "="):
            self.at += 2
            self.word()
            return
        line = token.line
        ends = [self.end(scope)]
        single = len(ends[0]) == 1 and not (token.text == "{" or token.is_word("subgraph"))
        while True:
            if self.next.kind == "mark" and self.next.text == "--":
                self.fail("'->' (an edge of a digraph leads from parent to child)")
            if not self.take("->"):
                break
            ends.append(self.end(scope))
        found = self.attributes()
        if len(ends) == 1:
            if single:
                self.nodes[ends[0][0]][1].update(found)
            return
        for before, after in pairwise(ends):
            self.edges += [(line, a, b, {**scope.edge, **found}) for a in before for b in after]

    def end(self, scope: _Scope) -> list[str]:
        """The nodes that a node's name or a subgraph stands for."""
        if self.next.is_word("subgraph"):
            self.at += 1
            if self.next.text != "{":
                self.word()
        if self.take("{"):
            inner = _Scope(dict(scope.node), dict(scope.edge))
            self.statements(inner)
            scope.members.update(inner.members)
            return list(inner.members)
        line, name = self.next.line, self.word()
        for _ in range(2):  # a port and its compass point
            if self.take(":"):
                self.word()
        self.nodes.setdefault(name, (line, dict(scope.node)))
        scope.members[name] = None
        return [name]

    def attributes(self) -> dict[str, str]:
        """``[a=b, c=d]``, any number of lists."""
        out: dict[str, str] = {}
        while self.take("["):
            while not self.take("]"):
                if self.take(";", ","):
                    continue
                key = self.word()
                out[key] = self.word() if self.take("=") else "true"
        return out
