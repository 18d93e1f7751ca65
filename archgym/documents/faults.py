"""Faults of documents: where they stand, and all of them in one message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import ArchgymError, ScenarioError, StoreError, TrustError, UnknownNameError
from .values import is_number, shortened


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say of an error inside a document where it stands; errors of names, stores and trust pass unchanged.

    Args:
        where: the file, or the place in it.

    Yields:
        Once, around the code that reads the document.

    Raises:
        ScenarioError: the code raised another error of archgym's, a ValueError or a TypeError.
    """
    try:
        yield
    except (UnknownNameError, StoreError, TrustError):
        raise
    except (ArchgymError, ValueError, TypeError) as error:
        raise ScenarioError(f"{where}: {error}") from error


def known_keys(mapping: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse a key that does not exist.

    Args:
        mapping: what was given.
        known: the keys that exist.
        what: what a key is called in the message.

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
        """Note one more fault.

        Args:
            fault: a sentence, or the place and what is wrong there.
        """
        self._found.append(fault)

    @contextmanager
    def collected(self, where: str) -> Iterator[None]:
        """Make faults of the errors that are raised inside; unknown names are raised as they are.

        Args:
            where: the place in the document.

        Yields:
            Once, around the code that reads that place.
        """
        try:
            yield
        except UnknownNameError:
            raise
        except (ArchgymError, ValueError, TypeError) as error:
            self.add(f"{where}: {error}")

    def known(self, document: Mapping[str, Any], keys: Sequence[str]) -> None:
        """Note a fault for every key that is unknown.

        Args:
            document: what was given.
            keys: those that exist.
        """
        for key in document:
            if key not in keys:
                self.add(f"key {key!r}: unknown; known are {', '.join(keys)}")

    def mapping(self, document: Mapping[str, Any], key: str) -> dict[str, Any]:
        """The mapping at a key; {} where it is missing or no mapping.

        Args:
            document: what was given.
            key: where the mapping should be.

        Returns:
            A copy of it.
        """
        value = document.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(k, str) for k in value):
            self.add(f"key {key!r}: expected a mapping of names, got {shortened(value)}")
            return {}
        return dict(value)

    def whole(
        self, document: Mapping[str, Any], key: str, default: int, least: int | None = None
    ) -> int:
        """The whole number at a key; the default where it is missing, no whole number, or too small.

        Args:
            document: what was given.
            key: where the number should be.
            default: what a missing key stands for.
            least: the least that is allowed (default: any).

        Returns:
            The number.
        """
        value = document.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(f"key {key!r}: expected a whole number, got {shortened(value)}")
            return default
        if least is not None and value < least:
            self.add(f"{key} must be at least {least}, got {shortened(value)}")
            return default
        return value

    def number(
        self, document: Mapping[str, Any], key: str, default: float, least: float | None = None
    ) -> float:
        """The finite number at a key; the default where it is missing, no number, or too small.

        Args:
            document: what was given.
            key: where the number should be.
            default: what a missing key stands for.
            least: the least that is allowed (default: any).

        Returns:
            The number.
        """
        value = document.get(key, default)
        if not is_number(value) or (least is not None and value < least):
            more = "" if least is None else f" of at least {least:g}"
            self.add(f"key {key!r}: expected a finite number{more}, got {shortened(value)}")
            return default
        return float(value)

    def raise_if_any(self) -> None:
        """Raise a ScenarioError of what was found: one fault, or all of them in a list."""
        if len(self._found) == 1:
            raise ScenarioError(self._found[0])
        if self._found:
            raise ScenarioError("\n  - ".join([f"{len(self._found)} faults", *self._found]))
