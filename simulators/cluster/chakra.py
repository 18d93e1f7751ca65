"""Execution traces of Chakra, one file an NPU, as nodes of a task graph.

``NAME.0.et``, ``NAME.1.et``, ... hold length-delimited messages of the schema ``et_def.proto`` (0.0.4);
``NAME.0.json``, ... are the same as Chakra's ``chakra_jsonizer`` writes them: JSON objects one after another.
The former need the package protobuf.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

from archgym.documents import Faults, is_number, read_bytes, shortened
from archgym.errors import ArchgymError
from archgym.extras import need

from .workloads import Node

MOST_BYTES = 1 << 28
MOST_DIGITS = 20  # of a number of 64 bits
DEPENDENCIES = ("ctrlDeps", "dataDeps")
NODE_TYPES = (
    "INVALID_NODE", "METADATA_NODE", "MEM_LOAD_NODE", "MEM_STORE_NODE", "COMP_NODE", "COMM_SEND_NODE",
    "COMM_RECV_NODE", "COMM_COLL_NODE",
)  # fmt: skip
LEFT_OUT = ("METADATA_NODE", "INVALID_NODE")
COLLECTIVES = (
    "ALL_REDUCE", "REDUCE", "ALL_GATHER", "GATHER", "SCATTER", "BROADCAST", "ALL_TO_ALL",
    "REDUCE_SCATTER", "REDUCE_SCATTER_BLOCK", "BARRIER",
)  # fmt: skip
KINDS = {
    "ALL_REDUCE": "all_reduce",
    "ALL_GATHER": "all_gather",
    "ALL_TO_ALL": "all_to_all",
    "REDUCE_SCATTER": "reduce_scatter",
}


def read_traces(name: Path, npus: Sequence[int]) -> dict[str, list[Node]]:
    """The nodes of every NPU, by its number.

    Args:
        name: the beginning of the files' names.
        npus: sizes of the network's dimensions.

    Returns:
        Nodes by the number of the NPU, as text.

    Raises:
        ArchgymError: files are missing, or hold no trace.
        MissingExtraError: protobuf is not installed.
    """
    count = prod(npus)
    found = {
        kind: [i for i in range(count) if Path(f"{name}.{i}.{kind}").is_file()]
        for kind in ("et", "json")
    }
    kind = max(found, key=lambda k: len(found[k]))
    faults = Faults()
    if len(found[kind]) < count:
        there = set(found[kind])
        missing = [i for i in range(count) if i not in there]
        more = " ..." if len(missing) > 5 else ""
        faults.add(
            f"{count} NPUs need {name}.0.et to {name}.{count - 1}.et (or .json); of "
            f"{'.json' if kind == 'json' else '.et'} files, those of NPUs "
            f"{', '.join(map(str, missing[:5]))}{more} are missing"
        )
    if Path(f"{name}.{count}.{kind}").is_file():
        faults.add(f"{count} NPUs, and a file {name}.{count}.{kind} of one more")
    faults.raise_if_any()
    programs: dict[str, list[Node]] = {}
    closed = set()  # NPUs whose trace ends with a node that is left out
    for i in range(count):
        path = Path(f"{name}.{i}.{kind}")
        messages = list(_of_protobuf(path) if kind == "et" else _of_json(path))
        with faults.collected(path.name):
            programs[str(i)] = list(_nodes(messages, npus))
            if messages and _named(messages[-1].get("type", 0), NODE_TYPES) in LEFT_OUT:
                closed.add(str(i))
    faults.raise_if_any()
    for fault in _cut(programs, closed, kind):
        faults.add(fault)
    faults.raise_if_any()
    return programs


def _cut(programs: Mapping[str, list[Node]], closed: Collection[str], kind: str) -> Iterator[str]:
    """Traces that look like files that were cut between two nodes: they are the beginning of the longest one.

    Nothing in a trace says how many nodes it has.
    """
    longest = max(programs, key=lambda i: len(programs[i]))
    whole = [_without_peer(n) for n in programs[longest]]
    for npu, nodes in programs.items():
        short = len(nodes) < len(whole) and npu not in closed
        if short and [_without_peer(n) for n in nodes] == whole[: len(nodes)]:
            yield (
                f"the trace of NPU {npu} has the first {len(nodes)} of the {len(whole)} nodes of NPU "
                f"{longest} and ends there, as a .{kind} file does that was cut. If this NPU has less to "
                "do, end its trace with a METADATA_NODE"
            )


def _without_peer(node: Node) -> dict[str, Any]:
    return {k: v for k, v in node.items() if k not in ("src", "dst")}


# ---- nodes
def _nodes(messages: Iterable[dict[str, Any]], npus: Sequence[int]) -> Iterator[Node]:
    """Nodes of a trace; those of metadata are left out, and what waits for them waits for no one."""
    kept, left_out = [], set()
    faults = Faults()
    for place, message in enumerate(messages, 1):
        with faults.collected(f"the {place}. node"):
            number = _whole("id", message.get("id", 0))
            if _named(message.get("type", 0), NODE_TYPES) in LEFT_OUT:
                left_out.add(number)
            else:
                kept.append((number, message))
    for number, message in kept:
        with faults.collected(f"node {number}"):
            node = _node(message, npus)
            listed = [(key, d) for key in DEPENDENCIES for d in _listed(key, message.get(key, []))]
            deps = {_whole(key, d) for key, d in listed}
            yield {"id": number, "deps": sorted(deps - left_out), **node}
    faults.raise_if_any()


def _whole(what: str, value: Any) -> int:
    """A whole number; JSON has large ones as text, and some writers have floats."""
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) <= MOST_DIGITS:
        return int(value)
    if is_number(value) and value == int(value):
        return int(value)
    raise ArchgymError(f"{what}: expected a whole number, got {shortened(value)}")


def _listed(what: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ArchgymError(f"{what}: expected a list, got {shortened(value)}")
    return value


def _named(value: Any, names: Sequence[str]) -> str:
    """The name of a number of an enumeration; JSON holds names, or numbers as text."""
    text = str(value)
    number = int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else -1
    if 0 <= number < len(names):
        return names[number]
    return text if text in names else shortened(value)


def _node(message: Mapping[str, Any], npus: Sequence[int]) -> dict[str, Any]:
    kind = _named(message.get("type", 0), NODE_TYPES)
    attributes = _attributes(message)

    def whole(name: str, default: int | None = None) -> int:
        value = attributes.get(name, default)
        if value is None:
            raise ArchgymError(f"a {kind} needs the attribute {name}")
        return _whole(name, value)

    if kind == "COMP_NODE":
        if "num_ops" in attributes:
            return {"op": "comp", "flops": whole("num_ops"), "bytes": whole("tensor_size", 0)}
        took = message.get("durationMicros", attributes.get("runtime", 0))
        return {"op": "comp", "us": _whole("durationMicros", took)}
    if kind == "COMM_COLL_NODE":
        what = _named(attributes.get("comm_type"), COLLECTIVES)
        if what not in KINDS:
            raise ArchgymError(
                f"collective {what}: only {', '.join(KINDS)} are simulated, as in ASTRA-sim"
            )
        involved = attributes.get("involved_dim", [True] * len(npus))
        if len(_listed("involved_dim", involved)) != len(npus):
            raise ArchgymError(f"involved_dim has not {len(npus)} values, one a dimension")
        if not all(isinstance(there, bool) for there in involved):
            raise ArchgymError(f"involved_dim: expected true or false, got {shortened(involved)}")
        dims = [d for d, there in enumerate(involved) if there and npus[d] > 1]
        return {"op": "coll", "kind": KINDS[what], "size": whole("comm_size"), "dims": dims}
    if kind in ("COMM_SEND_NODE", "COMM_RECV_NODE"):
        op, peer = ("send", "dst") if kind == "COMM_SEND_NODE" else ("recv", "src")
        there = whole(f"comm_{peer}")
        return {"op": op, peer: there, "size": whole("comm_size"), "tag": whole("comm_tag", 0)}
    raise ArchgymError(f"nodes of type {kind} are not simulated")


def _attributes(message: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a node's attributes by name, whichever of their types they have."""
    out: dict[str, Any] = {}
    for attribute in _listed("attr", message.get("attr", [])):
        if not isinstance(attribute, Mapping) or not isinstance(attribute.get("name"), str):
            raise ArchgymError(f"attr: expected attributes with a name, got {shortened(attribute)}")
        for key, value in attribute.items():
            if key.endswith("Val"):
                out[attribute["name"]] = value
            elif key.endswith("List"):
                listed = value.get("values", []) if isinstance(value, Mapping) else value
                out[attribute["name"]] = _listed(attribute["name"], listed)
    return out


# ---- JSON
def _of_json(path: Path) -> Iterator[dict[str, Any]]:
    """Every node of a file of JSON objects one after another; the first object is about the trace."""
    text = read_bytes(path, MOST_BYTES).decode("utf-8-sig", errors="replace")
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        try:
            message, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise ArchgymError(f"{path} cannot be read as JSON objects: {error}") from error
        if not isinstance(message, dict):
            raise ArchgymError(f"{path}: expected JSON objects, got {type(message).__name__}")
        if "type" in message or "id" in message:
            yield message


# ---- protobuf
SCALARS = (
    ("double", 1), ("float", 2), ("int32", 5), ("int64", 3), ("uint32", 13), ("uint64", 4),
    ("sint32", 17), ("sint64", 18), ("fixed32", 7), ("fixed64", 6), ("sfixed32", 15), ("sfixed64", 16),
    ("bool", 8), ("string", 9), ("bytes", 12),
)  # fmt: skip  # numbers of protobuf's types, in the order of the schema's attributes


def _schema() -> tuple[Any, Any]:
    """Classes of the messages Node and GlobalMetadata, by the numbers of the schema's fields."""
    pb2 = need("google.protobuf.descriptor_pb2", "Chakra execution traces")
    pool_of = need("google.protobuf.descriptor_pool", "Chakra execution traces")
    factory = need("google.protobuf.message_factory", "Chakra execution traces")
    file = pb2.FileDescriptorProto(name="et_def.proto", package="ChakraProtoMsg", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, int, str]) -> Any:
        made = file.message_type.add(name=name)
        for label, number, kind, repeated, of in fields:
            more = {"type_name": f".ChakraProtoMsg.{of}"} if of else {}
            made.field.add(name=label, number=number, type=kind, label=1 + 2 * repeated, **more)
        return made

    values = []
    for i, (name, kind) in enumerate(SCALARS):
        listed = f"{name.capitalize()}List"
        message(listed, ("values", 1, kind, 1, ""))
        values += [
            (f"{name}_val", 3 + 2 * i, kind, 0, ""),
            (f"{name}_list", 4 + 2 * i, 11, 0, listed),
        ]
    about = message("AttributeProto", ("name", 1, 9, 0, ""), ("doc_string", 2, 9, 0, ""), *values)
    about.oneof_decl.add(name="value")
    for field in about.field[2:]:
        field.oneof_index = 0
    message("GlobalMetadata", ("version", 1, 9, 0, ""), ("attr", 2, 11, 1, "AttributeProto"))
    message(
        "Node", ("id", 1, 4, 0, ""), ("name", 2, 9, 0, ""), ("type", 3, 5, 0, ""),
        ("ctrl_deps", 4, 4, 1, ""), ("data_deps", 5, 4, 1, ""), ("start_time_micros", 6, 4, 0, ""),
        ("duration_micros", 7, 4, 0, ""), ("attr", 10, 11, 1, "AttributeProto"),
    )  # fmt: skip
    pool = pool_of.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName
    return tuple(
        factory.GetMessageClass(found(f"ChakraProtoMsg.{n}")) for n in ("Node", "GlobalMetadata")
    )  # type: ignore[return-value]


def _of_protobuf(path: Path) -> Iterator[dict[str, Any]]:
    """Every node of a file of messages, each after its length; the first message is about the trace."""
    to_dict = need("google.protobuf.json_format", "Chakra execution traces").MessageToDict
    node, about = _schema()
    data = read_bytes(path, MOST_BYTES)
    try:
        if data[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise ValueError(f"it unpacks to more than {MOST_BYTES:,} bytes")
        at, first = 0, True
        while at < len(data):
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError(f"a message of {size} bytes at byte {at} ends behind the file")
            message = (about if first else node).FromString(data[at : at + size])
            at += size
            if not first:
                yield {"id": message.id, **to_dict(message)}
            first = False
    except (ValueError, OSError, EOFError, _decode_error()) as error:
        raise ArchgymError(f"{path} is no Chakra execution trace: {error}") from error


def _decode_error() -> type[Exception]:
    found: type[Exception] = need("google.protobuf.message", "Chakra execution traces").DecodeError
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 31:
            raise ValueError(f"no length of a message at byte {at}")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at
