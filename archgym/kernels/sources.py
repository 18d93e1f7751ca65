"""Which first-party sources a module is made of, and digests of them; nothing is imported to find out.

A kernel holds the code of every function that it calls, in whatever folder that function lies, and a
simulator's answers depend on all of it.  Both are therefore known by the *closure* of their import
statements: the module, the first-party modules that it imports, those that they import, and so on.
First-party is ``archgym`` and the module's own top-level package.

- :func:`code_digest` names the cache of a compiled kernel: every byte counts.
- :func:`source_key` stands for a simulator's physics (:mod:`archgym.kernels.physics`): comments, docstrings
  and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path

CORE, PHYSICS = "archgym", "archgym.simulators"
# fields of syntax trees that say nothing, or that not every version of Python has
_SILENT = frozenset({"ctx", "kind", "type_comment", "type_params"})


@dataclass(frozen=True)
class Source:
    """A first-party module: its dotted name and its file."""

    name: str
    path: Path

    @property
    def package(self) -> str:
        """The package that its relative imports start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]


def source_of(module: str) -> Source | None:
    """The source of an imported module.

    Args:
        module: its dotted name.

    Returns:
        The source; None where there is none (a notebook, a frozen program).
    """
    file = getattr(sys.modules.get(module), "__file__", None)
    return Source(module, Path(file)) if file and Path(file).is_file() else None


def closure(start: Source, *, compiled: bool) -> tuple[Source, ...]:
    """The sources that ``start`` depends on, itself included, in order of their names.

    Args:
        start: where to begin.
        compiled: follow what a compiled function can reach, the imports at a module's top, in all
            first-party packages.  Otherwise follow the imports inside functions too, but of archgym
            only the simulators, since the core holds no physics.

    Returns:
        The sources.
    """
    return _closure(start, compiled)


@cache
def _closure(start: Source, compiled: bool) -> tuple[Source, ...]:
    found, waiting = {start.name: start}, [start]
    while waiting:
        source = waiting.pop()
        for name in _imported(source, compiled):
            other = located(name)
            if other is None or other.name in found:
                continue
            if compiled or _is_physics(other.name):
                found[other.name] = other
                waiting.append(other)
    return tuple(found[name] for name in sorted(found))


def code_digest(start: Source) -> str:
    """A digest of every byte that may be compiled into a kernel of a module.

    Args:
        start: the module's source.

    Returns:
        16 hexadecimal digits.

    Raises:
        OSError: a source cannot be read.
    """
    digest = hashlib.sha256()
    for source in closure(start, compiled=True):
        digest.update(source.name.encode())
        digest.update(source.path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def source_key(module: str) -> str:
    """A digest of what a simulator's module computes: its closure, and the tables in ``data`` folders.

    Args:
        module: dotted name of an imported module.

    Returns:
        16 hexadecimal digits, the same on every machine and version of Python; empty where the
        module has no source file.
    """
    start = source_of(module)
    if start is None:
        return ""
    digest, sources = hashlib.sha256(), closure(start, compiled=False)
    for source in sources:
        digest.update(f"{source.name} {meaning(source.path)}\n".encode())
    for table in tables(source.path for source in sources):
        digest.update(table.name.encode())
        digest.update(table.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@cache
def located(name: str) -> Source | None:
    """The source of a module by its dotted name; it need not have been imported.

    Args:
        name: of the module.

    Returns:
        The source; None where there is no such module, or no Python file of it.
    """
    spec = _spec(name)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    return Source(name, Path(spec.origin))


def tables(paths: Iterable[Path]) -> list[Path]:
    """The tables of constants in the ``data`` folders beside some sources.

    Args:
        paths: of the sources.

    Returns:
        The ``.csv`` files, in order.
    """
    folders = {path.parent / "data" for path in paths}
    return sorted(path for folder in folders for path in folder.glob("*.csv"))


# ---- import statements
@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), str(path))


def _is_physics(name: str) -> bool:
    top = name.partition(".")[0]
    return top != CORE or name == PHYSICS or name.startswith(PHYSICS + ".")


def _statements(tree: ast.Module, deferred: bool) -> Iterator[ast.AST]:
    """Every node, without those inside functions unless ``deferred``."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if deferred or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(
                n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt) or deferred
            )
            waiting.extend((*getattr(node, "handlers", ()), *getattr(node, "cases", ())))


def _imported(source: Source, compiled: bool) -> list[str]:
    """Dotted names of the first-party modules that a source imports."""
    own = {CORE, source.name.partition(".")[0]}
    out: list[str] = []
    for node in _statements(_tree(source.path), not compiled):
        if isinstance(node, ast.Import):
            out += [a.name for a in node.names if _ours(a.name, own, source)]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = source.package.split(".")[: 1 - node.level or None]
                base = ".".join([*above, *([base] if base else [])])
            if _ours(base, own, source):
                names = [f"{base}.{a.name}" for a in node.names]
                inside = [name for name in names if located(name)]
                out += inside if len(inside) == len(names) else [base, *inside]
    return out


def _ours(name: str, own: set[str], source: Source) -> bool:
    top = name.partition(".")[0]
    if top in own:
        return True
    here = source.path.parent  # a script's neighbours
    return not source.package and ((here / f"{top}.py").is_file() or (here / top).is_dir())


@cache
def _spec(name: str) -> ModuleSpec | None:
    """A module's specification; unlike ``importlib.util.find_spec`` it does not import the parents."""
    parent, where = name.rpartition(".")[0], None
    if parent:
        above = _spec(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        where = list(above.submodule_search_locations)
    for finder in sys.meta_path:
        found = finder.find_spec(name, where)
        if found is not None:
            return found
    return None


# ---- what a source says, whatever its comments and the version of Python
@cache
def meaning(path: Path) -> str:
    """A digest of what a source says: comments, docstrings and layout do not count.

    Args:
        path: a file of Python source.

    Returns:
        64 hexadecimal digits, the same for every version of Python.

    Raises:
        OSError: it cannot be read.
    """
    return hashlib.sha256(repr(_plain(_tree(path))).encode()).hexdigest()


def _plain(node: object) -> object:
    """A syntax tree as nested tuples: no places, docstrings, or fields that are empty."""
    if isinstance(node, ast.AST):
        fields = [(f, _plain(getattr(node, f, None))) for f in node._fields if f not in _SILENT]
        return (type(node).__name__, *(f for f in fields if f[1] not in ((), None)))
    if isinstance(node, list):
        return tuple(_plain(item) for item in node if not _is_text(item))
    return (type(node).__name__, repr(node)) if node is not None else None


def _is_text(node: object) -> bool:
    """Whether a statement is a docstring, or the empty text that some versions put into f-strings."""
    value = node.value if isinstance(node, ast.Expr) else None
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    return isinstance(node, ast.Constant) and node.value == ""
