"""Public functions and methods say what their arguments are and what comes back."""

import ast
import re
from functools import cache
from pathlib import PurePath

import pytest

from tests.conftest import ROOT

FOLDERS = ("archgym", "agents", "cost_models", "simulators")
# classes that keep a protocol, which documents their methods, without inheriting from it
KEEPS = {"FileDatabase": "Database", "ServerDatabase": "Database"}


@cache
def trees(folders=FOLDERS):
    """Every public module: path and syntax."""
    out = {}
    for folder in folders:
        place = ROOT / folder
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            name = path.relative_to(ROOT)
            if not any(part.startswith("_") and part != "__init__.py" for part in name.parts):
                out[str(name)] = ast.parse(path.read_text())
    return out


@cache
def declared():
    """Methods by class, and the names of the classes it inherits from."""
    methods, bases = {}, {}
    for tree in trees(("archgym", "agents", "cost_models", "simulators")).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                methods.setdefault(node.name, {}).update(
                    {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
                )
                above = {ast.unparse(b).split("[")[0].split(".")[-1] for b in node.bases}
                bases.setdefault(node.name, set()).update(above | ({KEEPS.get(node.name)} - {None}))
    return methods, bases


def documented_above(owner, name):
    """Whether a class that ``owner`` inherits from, or another library's, declares a method."""
    methods, bases = declared()
    for base in bases.get(owner, ()):
        if base not in methods:
            if base not in ("object", "Protocol", "ABC", "NamedTuple"):
                return True
        elif name in methods[base] or documented_above(base, name):
            return True
    return False


def public(tree):
    """Public functions, and methods with their class: (class or '', node).

    A protocol that restates a part of a class says so in its own docstring.
    """
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "", node
        elif (
            isinstance(node, ast.ClassDef)
            and not node.name.startswith("_")
            and "see :class:" not in (ast.get_docstring(node) or "")
        ):
            yield from ((node.name, m) for m in node.body if isinstance(m, ast.FunctionDef))


def arguments(owner, node):
    """The names of what a caller hands over."""
    a = node.args
    names = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    static = any(ast.unparse(d) == "staticmethod" for d in node.decorator_list)
    names = names[1:] if owner and not static else names
    names += [x.arg for x in (a.vararg, a.kwarg) if x]
    return [n for n in names if not n.startswith("_")]


@cache
def shared(folder):
    """Arguments that a package's docstring explains once, for all of its kernels."""
    text = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text())) or ""
    _, _, told = text.partition("Arguments that its kernels share")
    heads = re.findall(r"^- (``.*?): ", told, re.MULTILINE)
    return {name for head in heads for name in re.findall(r"``(\w+)``", head)}


def compiled(node):
    """Whether a function is a part of a kernel."""
    decorators = {ast.unparse(d).partition("(")[0] for d in node.decorator_list}
    return bool(decorators & {"compiled", "borrowing", "merged", "njit"})


def missing(path, tree):
    """What a module's docstrings leave out."""
    for owner, node in public(tree):
        name = f"{path}:{node.lineno} {owner + '.' if owner else ''}{node.name}"
        if node.name.startswith("_") or (owner and documented_above(owner, node.name)):
            continue
        text = ast.get_docstring(node) or ""
        wanted = arguments(owner, node)
        if compiled(node):
            known = shared(str(PurePath(path).parent))
            wanted = [w for w in wanted if w not in known and f"``{w}``" not in text]
        if not wanted:
            continue
        if "Args:" not in text:
            yield f"{name}: no Args ({', '.join(wanted)})"
        else:
            told = text.partition("Args:")[2]
            yield from (f"{name}: {w} is not among Args" for w in wanted if f"{w}:" not in told)
        back = ast.unparse(node.returns) if node.returns else "None"
        if back not in ("None", "NoReturn") and not any(w in text for w in ("Returns:", "Yields:")):
            yield f"{name}: no Returns ({back})"


@pytest.mark.parametrize("path", sorted(trees()))
def test_arguments_and_what_comes_back_are_told(path):
    assert not list(missing(path, trees()[path]))


def test_what_is_left_out_is_found():
    source = (
        'def f(a, *, b=1):\n    """Says much.\n\n    Args:\n        a: one.\n    """\n    return a\n'
        'def g(a) -> int:\n    """Says little."""\n'
        "def _private(a):\n    pass\n"
        'class C:\n    def m(self):\n        """Takes nothing."""\n'
        "    def n(self, x) -> None:\n        pass\n"
    )
    found = [line.split(" ", 1)[1] for line in missing("m.py", ast.parse(source))]
    assert found == [
        "f: b is not among Args",
        "g: no Args (a)",
        "g: no Returns (int)",
        "C.n: no Args (x)",
    ]
