"""YAML documents: read, and held to the keys they may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .errors import ArchgymError, ScenarioError, UnknownNameError


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping from a file."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise ScenarioError(f"{path}: expected a mapping of keys, got {type(document).__name__}")
    return document


class _UniqueKeyLoader(yaml.SafeLoader):
    """Refuses a key given twice, which YAML parsers otherwise take silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
            if key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} twice, line {line}"
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say of an error inside a document where the document stands; unknown names say it themselves."""
    try:
        yield
    except UnknownNameError:
        raise
    except (ArchgymError, ValueError, TypeError) as error:
        raise ScenarioError(f"{where}: {error}") from error


def known_keys(mapping: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse a key that does not exist.

    Raises:
        UnknownNameError: names the key, and the one that was probably meant.
    """
    options = list(known)
    for key in mapping:
        if key not in options:
            raise UnknownNameError(what, key, options)
