"""A game as a server of the Model Context Protocol, on standard input and output or on the loopback.

Whoever reaches the port must send the secret token (``Authorization: Bearer …``), and a ``Host`` that is the
loopback's.  Nothing that a client sends names a file.
"""

from __future__ import annotations

import functools
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from .. import __version__
from ..errors import ArchgymError
from ..extras import need
from ..terminal.output import plain
from .game import Game
from .loopback import answer, taken

MOST_BYTES = 1 << 20  # of a request
WHAT = "archgym serve"

RULES = """You search a design space of hardware under a budget of evaluations.
1. Call describe: knobs with their values, metrics with units, objectives, specs, the reference design.
2. Call evaluate with one or more designs. Each design is charged, one that was evaluated before too. Knobs
   that you leave out are as in the reference design. A bad call is answered by what is wrong with it, and
   charges nothing. An infeasible design is charged, and answered by its reason.
3. explain says what limits a design that was evaluated. front shows the best trial and the trade-offs. Both
   are free.
4. Designs that meet every spec rank before those that do not; among them the least cost wins.
5. Call submit with your answer before you stop. Nothing can be evaluated after it.
"""


def make_server(game: Game) -> Any:
    """The server of a game.

    Args:
        game: is played by every client that connects, under one budget.

    Returns:
        An ``MCPServer`` of the official SDK.

    Raises:
        MissingExtraError: the SDK is not installed.
    """
    sdk = need("mcp.server.mcpserver", WHAT)
    errors = need("mcp.server.mcpserver.exceptions", WHAT)
    server = sdk.MCPServer(
        "archgym", title=f"archgym: {game.scenario.name}", instructions=RULES, version=__version__
    )

    def answered(do: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        """Errors of bad calls reach the player as text."""

        @functools.wraps(do)
        def tool(*args: Any, **kwargs: Any) -> dict[str, Any]:
            try:
                return plain(do(*args, **kwargs))
            except ArchgymError as error:
                raise errors.ToolError(str(error)) from error

        return tool

    def describe() -> dict[str, Any]:
        """What is searched and what for: knobs, metrics, objectives, specs, the reference design. Free."""
        return game.describe()

    def evaluate(designs: list[dict[str, Any]]) -> dict[str, Any]:
        """Evaluate designs, objects of knobs to values. Each is charged. Knobs left out: the reference's."""
        return game.evaluate(designs)

    def explain(design: dict[str, Any]) -> dict[str, Any]:
        """What limits an evaluated design: parts of its metrics, and which knobs should help. Free."""
        return game.explain(design)

    def front() -> dict[str, Any]:
        """The best trial so far, and the trials that no other beats in every objective. Free."""
        return game.front()

    def budget() -> dict[str, Any]:
        """How many evaluations were charged, and how many are left. Free."""
        return game.budget()

    def note(text: str) -> dict[str, Any]:
        """Keep a remark in the record of the game, such as why you try what you try. Free."""
        return game.note(text)

    def submit(design: dict[str, Any] | None = None, text: str = "") -> dict[str, Any]:
        """End the game with an evaluated design (default: the best trial); nothing is evaluated after it."""
        return game.submit(design, text)

    for tool in (describe, evaluate, explain, front, budget, note, submit):
        server.tool()(answered(tool))

    @server.resource("archgym://rules", mime_type="text/plain")  # type: ignore[untyped-decorator]
    def rules() -> str:
        """The rules of the game."""
        return RULES

    @server.resource("archgym://scenario", mime_type="application/json")  # type: ignore[untyped-decorator]
    def scenario() -> str:
        """What describe says."""
        return json.dumps(plain(game.describe()))

    @server.resource("archgym://trials", mime_type="text/csv")  # type: ignore[untyped-decorator]
    def trials() -> str:
        """Every trial so far, as CSV with units in its header."""
        return game.trials_csv()

    return server


def serve_stdio(game: Game) -> None:
    """Answer on standard input and output until the client closes them.

    Args:
        game: what is served.
    """
    make_server(game).run("stdio")


def serve_http(game: Game, port: int, token: str, on_ready: Callable[[str], None]) -> None:
    """Answer on a port of the loopback until interrupted.

    Args:
        game: to play.
        port: 0 for a free one.
        token: every request must send it.
        on_ready: told the address once the port is taken.

    Raises:
        ArchgymError: the port is taken.
    """
    security = need("mcp.server.transport_security", WHAT)
    uvicorn = need("uvicorn", WHAT)
    server = make_server(game)
    with taken(port) as (listening, hosts):
        app = server.streamable_http_app(
            max_request_body_size=MOST_BYTES,
            transport_security=security.TransportSecuritySettings(
                allowed_hosts=hosts, allowed_origins=[f"http://{h}" for h in hosts]
            ),
        )
        on_ready(f"http://{hosts[0]}/mcp")
        answer(uvicorn, guarded(app, token), listening)


def guarded(app: Any, token: str) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An ASGI application that answers only those who know the token.

    Args:
        app: the ASGI application behind it.
        token: the secret.

    Returns:
        The application; it answers 401 to everybody else.
    """

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            sent = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(sent, f"Bearer {token}".encode()):
                await send(
                    {
                        "type": "http.response.start",
                        "status": 401,
                        "headers": [
                            (b"content-type", b"text/plain"),
                            (b"www-authenticate", b"Bearer"),
                        ],
                    }
                )
                body = b"send the token that archgym serve printed: Authorization: Bearer TOKEN\n"
                await send({"type": "http.response.body", "body": body})
                return
        await app(scope, receive, send)

    return checked
