"""``--plain``: output for pipes, scripts and screen readers, without colours, boxes and moving bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_plain: ContextVar[bool] = ContextVar("plain", default=False)


def is_plain() -> bool:
    """Whether ``--plain`` was said."""
    return _plain.get()


@contextmanager
def plainly(said: bool) -> Iterator[None]:
    """A context in which everything is printed plainly.

    Args:
        said: whether ``--plain`` was given; False changes nothing.

    Yields:
        Nothing.
    """
    token = _plain.set(said or _plain.get())
    try:
        yield
    finally:
        _plain.reset(token)
