"""The reference of the Python packages: one page a package, filled by mkdocstrings at every build."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

PACKAGES = (
    "contracts", "space", "goals", "search", "runs", "answers", "environments", "datasets", "proxies",
    "sweeps", "statistics", "tables", "collection", "figures", "report", "testing",
)  # fmt: skip
MODULES = ("domains", "errors", "networks", "registry", "trust", "units", "validation")


def first_page() -> str:
    """What ``archgym`` itself exports, each name with a link to its documentation."""
    import archgym

    lines = [
        "# archgym",
        "",
        "Everything here is reached as `archgym.NAME`.",
        "",
        "| name | what it is |",
        "|---|---|",
    ]
    for name in archgym.__all__:
        if name == "__version__":
            continue
        thing = getattr(archgym, name)
        where = getattr(thing, "__module__", "")
        target = f"{where}.{thing.__qualname__}" if where.startswith("archgym.") else ""
        if name in archgym._MODULES:
            target = thing.__name__
        text = (thing.__doc__ or "").strip().split("\n")[0].replace("|", "\\|")
        shown = f"[`{name}`][{target}]" if target and documented(target) else f"`{name}`"
        lines.append(f"| {shown} | {text} |")
    return "\n".join(lines) + "\n"


def documented(target: str) -> bool:
    """Whether some page of the reference holds a name."""
    parts = target.split(".")
    return len(parts) > 1 and parts[1] in (*PACKAGES, *MODULES)


def package_page(package: str) -> str:
    """A page that has mkdocstrings fill in every module of a package."""
    found = import_module(f"archgym.{package}")
    lines = [f"# archgym.{package}", "", (found.__doc__ or "").split("\n\n")[0].strip(), ""]
    for module in pkgutil.iter_modules(found.__path__):
        lines += [f"::: archgym.{package}.{module.name}", ""]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Every page by its place on the site."""
    made = {"reference/python/archgym.md": first_page()}
    made |= {f"reference/python/{p}.md": package_page(p) for p in PACKAGES}
    modules = "\n\n".join(f"::: archgym.{m}" for m in MODULES)
    made["reference/python/modules.md"] = f"# Single modules\n\n{modules}\n"
    return made


def on_config(config: MkDocsConfig, **_: Any) -> MkDocsConfig:
    """Put the pages into the navigation, below the section of the reference."""
    entries = [
        {"archgym": "reference/python/archgym.md"},
        *({f"archgym.{p}": f"reference/python/{p}.md"} for p in PACKAGES),
        {"Single modules": "reference/python/modules.md"},
    ]
    for section in config.nav or []:
        if isinstance(section, dict) and "Reference" in section:
            section["Reference"].append({"Python": entries})
    return config


@event_priority(50)
def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add the pages."""
    for place, text in pages().items():
        files.append(File.generated(config, place, content=text))
    return files
