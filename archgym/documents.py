"""Documents: read, held to the keys they may have, all their faults told at once."""

from __future__ import annotations

import math
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


class Faults:
    """What is wrong with a document, gathered so that one message names all of it."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, fault: str) -> None:
        """One more."""
        self._found.append(fault)

    @contextmanager
    def collected(self, where: str) -> Iterator[None]:
        """Errors inside become faults at ``where``."""
        try:
            yield
        except UnknownNameError:
            raise
        except (ArchgymError, ValueError, TypeError) as error:
            self.add(f"{where}: {error}")

    def mapping(self, document: Mapping[str, Any], key: str) -> dict[str, Any]:
        """The mapping at a key; {} where it is missing or no mapping."""
        value = document.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            self.add(f"key {key!r}: expected a mapping of names, got {_short(value)}")
            return {}
        return dict(value)

    def whole(
        self, document: Mapping[str, Any], key: str, default: int, least: int | None = None
    ) -> int:
        """The whole number at a key; the default where it is missing or none."""
        value = document.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(f"key {key!r}: expected a whole number, got {_short(value)}")
            return default
        if least is not None and value < least:
            self.add(f"{key} must be at least {least}, got {_short(value)}")
            return default
        return value

    def number(
        self, document: Mapping[str, Any], key: str, default: float, least: float | None = None
    ) -> float:
        """The finite number at a key; the default where it is missing or none."""
        value = document.get(key, default)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or (least is not None and value < least):
            more = "" if least is None else f" of at least {least:g}"
            self.add(f"key {key!r}: expected a finite number{more}, got {_short(value)}")
            return default
        return float(value)

    def raise_if_any(self) -> None:
        """Raise what was found.

        Raises:
            ScenarioError: one fault, or all of them in a list.
        """
        if len(self._found) == 1:
            raise ScenarioError(self._found[0])
        if self._found:
            raise ScenarioError("\n  - ".join([f"{len(self._found)} faults", *self._found]))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
