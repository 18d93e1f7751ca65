"""Task graphs as tables of tasks and edges: CSV, JSON, YAML, GraphML; the names of columns are ours."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archgym.documents import parse_json, read_yaml
from archgym.errors import ArchgymError, WorkloadError
from archgym.extras import need

from ..task_graph import Workload
from . import wfcommons
from .tables import EDGE_COLUMNS, LARGEST_FILE, Row, build, read_text, short

KEYS = ("name", "description", "directed", "tasks", "edges")
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"


def _csv_rows(path: Path, needed: Sequence[str], faults: list[str]) -> list[Row]:
    """Rows of a CSV file by the columns of its first line; what is wrong goes to ``faults``."""
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), skipinitialspace=True)
    rows: list[Row] = []
    try:
        columns = [c.strip() for c in reader.fieldnames or []]
        reader.fieldnames = columns
        for column in needed:
            if column not in columns:
                faults.append(
                    f"{path.name}: column {column!r} is missing; expected {', '.join(needed)}"
                )
        for column in {c for c in columns if columns.count(c) > 1}:
            faults.append(f"{path.name}: column {column!r} twice")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if None in row:
                faults.append(f"{where}: more cells than columns ({len(columns)})")
            else:
                rows.append(Row(where, row))
    except csv.Error as error:
        faults.append(f"{path.name}, line {reader.line_num}: {error}")
    return rows


def read_csv(path: Path) -> Workload:
    """Read ``NAME.tasks.csv`` with ``NAME.edges.csv`` beside it.

    Args:
        path: of the table of tasks.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults of both files, with their lines.
    """
    faults: list[str] = []
    tasks = _csv_rows(path, ("task", "work_instructions"), faults)
    beside = path.with_name(path.name[: -len(".tasks.csv")] + ".edges.csv")
    edges = _csv_rows(beside, EDGE_COLUMNS, faults)
    if any("is missing" in fault for fault in faults):  # every row would repeat it
        tasks, edges = [], []
    return build(path, tasks, edges, faults)


def read_json(path: Path) -> Workload:
    """Read a task graph in JSON.

    It is ``{"tasks": [...], "edges": [...]}`` with the columns of the CSV files, or a WfCommons
    instance.

    Args:
        path: the file.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults, with their places.
    """
    data = parse_json(read_text(path), str(path), WorkloadError, LARGEST_FILE)
    if isinstance(data, dict) and "workflow" in data:
        return wfcommons.read(path, data)
    return _from_document(path, data)


def read_yaml_graph(path: Path) -> Workload:
    """Read a task graph in YAML; its keys are those of JSON.

    Args:
        path: the file.

    Returns:
        The workload.

    Raises:
        WorkloadError: all faults, with their places.
    """
    read_text(path)  # size and encoding
    try:
        return _from_document(path, read_yaml(path))
    except WorkloadError:
        raise
    except (ArchgymError, RecursionError) as error:
        raise WorkloadError(f"{path}: {error}") from error


def _from_document(path: Path, data: Any) -> Workload:
    if not isinstance(data, dict) or not all(isinstance(data.get(k), list) for k in KEYS[-2:]):
        raise WorkloadError(
            f"{path}: expected a mapping with 'tasks' and 'edges', lists of mappings with the columns "
            f"of the CSV files, or a WfCommons 'workflow'; got {short(data)}"
        )
    faults = [f"unknown key {short(k)}; expected {', '.join(KEYS)}" for k in data if k not in KEYS]
    if data.get("directed", True) is not True:
        faults.append("the graph is undirected; a task graph's edges lead from parent to child")
    tasks = [Row(f"tasks[{i}]", row) for i, row in enumerate(data["tasks"])]
    edges = [Row(f"edges[{i}]", row) for i, row in enumerate(data["edges"])]
    return build(path, tasks, edges, faults)


def read_graphml(path: Path) -> Workload:
    """Read a directed graph in GraphML; defaults of its keys count.

    Args:
        path: the file.

    Returns:
        The workload.

    Raises:
        MissingExtraError: networkx is not installed.
        WorkloadError: an undirected graph, several graphs, or the faults of its tasks and edges.
    """
    networkx = need("networkx", "reading GraphML")
    text = read_text(path)
    try:
        found = ET.fromstring(text).iter(f"{GRAPHML}graph")
        if (n := sum(1 for _ in found)) != 1:
            raise WorkloadError(f"{path}: expected one graph, got {n} (nested graphs are not read)")
        graph = networkx.parse_graphml(text)
    except ArchgymError:
        raise
    except Exception as error:  # networkx raises what its converters raise
        raise WorkloadError(f"{path}: not readable GraphML ({error})") from error
    if not graph.is_directed():
        raise WorkloadError(
            f"{path}: the graph is undirected (edgedefault={short('undirected')}); a task graph's "
            "edges lead from parent to child: write edgedefault='directed' with source and target so"
        )
    node_default = graph.graph.get("node_default", {})
    edge_default = graph.graph.get("edge_default", {})
    tasks = [
        Row(f"node {short(name)}", {**node_default, **data, "task": name})
        for name, data in graph.nodes(data=True)
    ]
    edges = [
        Row(f"edge {short(a)} -> {short(b)}", {**edge_default, **data, "parent": a, "child": b})
        for a, b, data in graph.edges(data=True)
    ]
    return build(path, tasks, edges)
