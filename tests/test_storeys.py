"""The core's packages are storeys: every import, deferred ones included, goes down or stays inside."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# storey of every package and loose module of archgym/; siblings on a storey know nothing of each other
STOREYS = {
    "errors": 1, "units": 1, "versions": 1, "kernels": 1,
    "extras": 2, "trust": 2, "domains": 2, "programs": 2, "files": 2, "documents": 2,
    "validation": 2,
    "registry": 3,
    "space": 3,
    "contracts": 4,
    "datasets": 5, "goals": 5, "terminal": 5,
    "statistics": 6, "pages": 6,
    "tables": 7, "proxies": 7, "figures": 7,
    "answers": 8,
    "search": 9,
    "runs": 10,
    "sweeps": 11,
    "networks": 12, "collection": 12, "report": 12, "environments": 12, "dashboard": 12, "play": 12,
    "audit": 12,
    "testing": 13, "bench": 13,
    "cli": 14,
    "__main__": 15,
}  # fmt: skip
LEAVES = ("simulators", "agents", "cost_models", "scenarios")
CORE = ROOT / "archgym"


def first(path: Path) -> str:
    """The package or loose module of archgym/ that a file belongs to."""
    part = path.relative_to(CORE).parts[0]
    return part.removesuffix(".py")


def imported(path: Path, root: Path, name: str) -> list[tuple[int, str]]:
    """(line, dotted module below ``name``) of every import of the own package in a file."""
    package = path.relative_to(root).parent.parts
    out = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out += [
                (node.lineno, a.name.removeprefix(f"{name}."))
                for a in node.names
                if a.name.startswith(f"{name}.")
            ]
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".") if node.module else []
            if node.level > len(package) + 1:
                continue  # outside of this root
            if node.level:
                base = list(package[: len(package) - node.level + 1])
            elif module[:1] == [name]:
                base, module = [], module[1:]
            else:
                continue
            whole = [*base, *module]
            if whole:
                out.append((node.lineno, ".".join(whole)))
            else:  # `from . import x` at the top: every name is a module, or a public name
                out += [(node.lineno, a.name) for a in node.names]
    return out


FILES = sorted(p for p in CORE.rglob("*.py") if p != CORE / "__init__.py")


def test_every_package_has_a_storey():
    assert {first(p) for p in FILES} == set(STOREYS)


@pytest.mark.parametrize("package", sorted(STOREYS))
def test_imports_go_down_or_stay(package):
    wrong = []
    for path in FILES:
        if first(path) != package:
            continue
        for line, module in imported(path, CORE, "archgym"):
            head = module.split(".")[0]
            if head in LEAVES:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports the leaf {module}")
            elif head in STOREYS and head != package and STOREYS[head] >= STOREYS[package]:
                wrong.append(
                    f"{path.relative_to(ROOT)}:{line} imports {module}, which is not below"
                )
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("leaf", LEAVES[:3])
def test_leaves_do_not_know_the_command_line(leaf):
    wrong = []
    for path in sorted((ROOT / leaf).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [a.name for a in node.names]
            wrong += [
                f"{path.relative_to(ROOT)}:{node.lineno} imports {n}"
                for n in names
                if n.split(".")[:2] == ["archgym", "cli"]
            ]
    assert not wrong, "\n".join(wrong)


def circles(folder: Path) -> list[list[str]]:
    """Circles among the modules of one folder (its sub-packages count as one module each)."""
    edges: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        here = parts[0]
        if here == "__init__":
            continue
        for _, module in imported(path, folder, "\0"):
            head = module.split(".")[0]
            if head != here:
                edges.setdefault(here, set()).add(head)
    found, done = [], set()

    def walk(node: str, trail: list[str]) -> None:
        if node in trail:
            found.append([*trail[trail.index(node) :], node])
            return
        if node in done:
            return
        for other in sorted(edges.get(node, ())):
            walk(other, [*trail, node])
        done.add(node)

    for node in sorted(edges):
        walk(node, [])
    return found


@pytest.mark.parametrize(
    "folder",
    [p.parent for p in sorted((ROOT / "simulators").glob("*/__init__.py"))]
    + [p.parent for p in sorted(CORE.glob("*/__init__.py"))],
    ids=lambda p: f"{p.parent.name}/{p.name}",
)
def test_modules_of_a_folder_form_no_circle(folder):
    assert circles(folder) == []
