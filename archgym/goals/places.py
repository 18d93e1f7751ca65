"""Paths inside documents: they hold beside the document's file, and what is gone is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import ScenarioError

WITH_FOLDERS = ("table", "proxy", "escalating")  # answers whose argument may be a folder


def in_its_folder(document: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """A scenario's document whose relative paths hold from anywhere: looked up beside the file first.

    Workloads and text settings that name an existing file, and ``simulator: module:Class`` (or
    ``FILE.py:Class``) with the module beside the file.

    Args:
        document: of a scenario.
        base: the folder of its file.

    Returns:
        A copy with whole paths.
    """
    out = dict(document)
    for key in ("workload", "workloads"):
        if key in out:
            out[key] = _each(out[key], base)
    if isinstance(out.get("config"), Mapping):
        out["config"] = {k: _each(v, base) for k, v in out["config"].items()}
    if isinstance(out.get("simulator"), str):
        out["simulator"] = code(out["simulator"], base)
    return out


def sweep_in_its_folder(document: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """The same of a sweep's document: its scenarios, inline ones too, agents, tables and proxies.

    Args:
        document: of a sweep.
        base: the folder of its file.

    Returns:
        A copy with whole paths.
    """
    out = dict(document)
    if isinstance(out.get("scenarios"), list):
        out["scenarios"] = [_scenario_entry(item, base) for item in out["scenarios"]]
    if isinstance(out.get("agents"), list):
        out["agents"] = [_agent_entry(item, base) for item in out["agents"]]
    if isinstance(out.get("answers"), str):
        out["answers"] = _answers(out["answers"], base)
    return out


def _scenario_entry(item: Any, base: Path) -> Any:
    if isinstance(item, str):
        return absolute(item, base)
    if not isinstance(item, Mapping):
        return item
    out = in_its_folder(item, base)
    if isinstance(out.get("scenario"), str):
        out["scenario"] = absolute(out["scenario"], base)
    if isinstance(out.get("answers"), str):
        out["answers"] = _answers(out["answers"], base)
    return out


def _agent_entry(item: Any, base: Path) -> Any:
    if isinstance(item, str):
        return code(item, base)
    if isinstance(item, Mapping) and isinstance(item.get("agent"), str):
        return {**item, "agent": code(item["agent"], base)}
    return item


def _answers(text: str, base: Path) -> str:
    kind, colon, rest = text.partition(":")
    folder, comma, settings = rest.partition(",")
    if kind in WITH_FOLDERS and folder and (base / folder).is_dir():
        return f"{kind}{colon}{(base / folder).resolve()}{comma}{settings}"
    return text


def _each(value: Any, base: Path) -> Any:
    """A path, or a list of them, looked up in ``base``; anything else as it is."""
    if isinstance(value, list):
        return [_each(v, base) for v in value]
    return absolute(value, base) if isinstance(value, str) else value


def code(name: str, base: Path) -> str:
    """``module:Class`` or ``FILE.py:Class`` with the whole path where the file lies in ``base``.

    Args:
        name: of a simulator or agent; a registered one stays as it is.
        base: the folder that is looked into.

    Returns:
        The name.
    """
    module, colon, attribute = name.rpartition(":")
    if not colon or not module:
        return name
    file = module if module.endswith(".py") else f"{module.replace('.', '/')}.py"
    if "/" in module and not module.endswith(".py"):
        return name
    there = base / file
    return f"{there.resolve()}:{attribute}" if there.is_file() else name


def absolute(workload: str, base: Path) -> str:
    """A workload whose files, looked up in ``base``, are named by whole paths; other names as they are.

    ``FILE``, ``FILE@N`` (a part of it) and ``FILE+FILE`` (several) are known.

    Args:
        workload: its name.
        base: the folder that is looked into.

    Returns:
        The name.
    """
    if len(workload) > 4096 or "\0" in workload:
        return workload
    if "+" in workload and not _is_file(base / workload):
        return "+".join(absolute(part, base) for part in workload.split("+"))
    file, at, rest = workload.partition("@")
    there = base / file
    if (Path(file).suffix or "/" in file) and _is_file(there):
        return str(there.resolve()) + at + rest
    return workload


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file system takes
        return False


def require_files(document: Mapping[str, Any], where: str) -> None:
    """Refuse a scenario's or sweep's document whose files are gone; names every one.

    Args:
        document: of a scenario or sweep.
        where: it was read, for the error.

    Raises:
        ScenarioError: a whole path in it names no file.
    """
    gone = sorted({f"{what} {path}" for what, path in _named(document) if not path.exists()})
    if gone:
        raise ScenarioError(
            f"{where} needs what is no longer there: {'; '.join(gone)}. Put it back where it was (or correct "
            "the path there), unchanged, and try again"
        )


def _named(document: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Every whole path in a document, with what it is."""
    for key in ("workload", "workloads"):
        value = document.get(key)
        for text in value if isinstance(value, list) else [value]:
            yield from _whole("workload", text)
    config = document.get("config")
    for name, value in (config if isinstance(config, Mapping) else {}).items():
        if isinstance(value, str) and value.endswith(
            (".yaml", ".yml", ".json", ".csv", ".npz", ".py")
        ):
            yield from _whole(name, value)
    for key in ("simulator", "agent"):
        module, colon, _ = str(document.get(key) or "").rpartition(":")
        if colon and module.endswith(".py"):
            yield from _whole(f"{key}'s code", module)
    for key in ("scenarios", "agents"):
        entries = document.get(key)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, Mapping):
                yield from _named(entry)
    yield from _whole("scenario", document.get("scenario"))


def _whole(what: str, text: Any) -> Iterator[tuple[str, Path]]:
    if isinstance(text, str) and len(text) <= 4096 and "\0" not in text:
        for part in text.split("+") if not _is_file(Path(text)) else [text]:
            path = Path(part.partition("@")[0])
            if path.is_absolute():
                yield what, path
