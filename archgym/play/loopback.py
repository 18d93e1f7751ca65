"""A web application on a port of the loopback, which names itself before it answers."""

from __future__ import annotations

import functools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from ..errors import PortError

LOOPBACK = "127.0.0.1"


@contextmanager
def taken(port: int) -> Iterator[tuple[socket.socket, list[str]]]:
    """Take a port of the loopback.

    Args:
        port: 0 for a free one.

    Yields:
        The listening socket, and the hosts that a request may name: by number, then by name.

    Raises:
        PortError: the port is taken.
    """
    try:
        listening = socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        raise PortError(LOOPBACK, port, error) from error
    with listening:
        own = listening.getsockname()[1]
        yield listening, [f"{LOOPBACK}:{own}", f"localhost:{own}"]


def answer(uvicorn: Any, app: Any, listening: socket.socket, **settings: Any) -> None:
    """Answer on a socket until interrupted.

    Args:
        uvicorn: the module.
        app: the ASGI application.
        listening: from :func:`taken`.
        settings: of uvicorn, further ones.
    """
    config = uvicorn.Config(app, log_level="warning", access_log=False, **settings)
    anyio.run(functools.partial(uvicorn.Server(config).serve, sockets=[listening]))
