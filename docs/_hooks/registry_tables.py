"""Pages of agents and scenarios, written from the registry and the scenario files at every build."""

from __future__ import annotations

from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files


def cell(text: object) -> str:
    """One cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def agents() -> str:
    """Every agent with its hyperparameters; one whose package is missing is named with its extra."""
    from archgym import registry
    from archgym.errors import MissingExtraError

    lines = [
        "# Agents and their hyperparameters",
        "",
        "Set a hyperparameter with `--set NAME=VALUE`, or with `hyperparameters={...}` in Python.",
        "[Agents](../agents.md) says which one to take.",
    ]
    for name in registry.names("agents"):
        lines += ["", f"## {name}", "", registry.summary("agents", name), ""]
        try:
            cls = registry.load("agents", name)
        except (MissingExtraError, ImportError) as error:
            lines.append(f"*Not read when this page was built: {cell(error)}.*")
            continue
        settings = cls.declared_settings()
        if not settings:
            lines.append("It has no hyperparameters.")
            continue
        lines += ["| hyperparameter | expects | default | meaning |", "|---|---|---|---|"]
        for s in settings:
            lines.append(
                f"| `{s.name}` | {cell(s.expected)} | `{cell(s.default)}` | {cell(s.description)} |"
            )
    return "\n".join(lines) + "\n"


def scenarios() -> str:
    """Every scenario that ships, by domain."""
    from archgym.documents import read_yaml
    from archgym.goals.scenario_file import shipped

    lines = [
        "# Scenarios",
        "",
        "Copy a scenario with `archgym new scenario NAME`, or change one on the spot:",
        "[Write a scenario](../how-to/scenario.md).",
    ]
    group = ""
    for name, path in shipped().items():
        if name.split("/")[0] != group:
            group = name.split("/")[0]
            lines += ["", f"## {group}", "", "| scenario | what is searched |", "|---|---|"]
        lines.append(f"| `{name}` | {cell(read_yaml(path).get('description', ''))} |")
    return "\n".join(lines) + "\n"


@event_priority(50)
def on_files(files: Files, config: MkDocsConfig, **_: Any) -> Files:
    """Add both pages."""
    files.append(File.generated(config, "reference/agents.md", content=agents()))
    files.append(File.generated(config, "reference/scenarios.md", content=scenarios()))
    return files
