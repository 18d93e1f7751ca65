"""A game as an environment of OpenEnv, on the loopback: reset tells where it stands, a step calls a tool.

OpenEnv's clients send no headers, so the secret token is the first part of the path.  However many clients
connect, and however often they reset, there is one game with one budget.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import ArchgymError
from ..extras import need
from ..goals.rewards import INFEASIBLE_REWARD
from ..terminal.output import plain
from .game import Game
from .loopback import answer, taken

WHAT = "archgym serve --openenv"
MOST_BYTES = 1 << 20  # of a message
MOST_SESSIONS = 16  # clients at the same time
TOOLS = ("describe", "evaluate", "explain", "front", "budget", "note", "submit")


def call(game: Game, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call one tool of a game.

    Args:
        game: that is played.
        tool: one of :data:`TOOLS`.
        arguments: of the tool, by name.

    Returns:
        ``answer`` with what the tool says, ``error`` ('' where there is none), ``reward`` and ``done``.
        The reward of ``evaluate`` is that of the call's best design, as Gymnasium environments have it.
    """
    answer: dict[str, Any] = {}
    error = ""
    try:
        if tool not in TOOLS:
            raise ArchgymError(f"unknown tool {tool!r:.60}; known are {', '.join(TOOLS)}")
        answer = plain(getattr(game, tool)(**arguments))
    except ArchgymError as fault:
        error = str(fault)
    except TypeError:
        error = f"{tool}: these are not its arguments: {', '.join(map(str, arguments)) or 'none'}"
    budget = game.budget()
    reward = None
    if tool == "evaluate" and not error:
        costs = [r.get("cost") for r in answer["results"]]
        reward = max((-c for c in costs if c is not None), default=float(INFEASIBLE_REWARD))
    done = bool(budget.get("submitted")) or not budget["left"]
    return {"answer": answer, "error": error, "reward": reward, "done": done}


def make_app(game: Game) -> Any:
    """The FastAPI application of OpenEnv's own server for a game.

    Args:
        game: is played by every client that connects, under one budget.

    Returns:
        An ASGI application.

    Raises:
        MissingExtraError: the package openenv-core is not installed.
    """
    kinds = need("openenv.core.env_server.types", WHAT)
    interfaces = need("openenv.core.env_server.interfaces", WHAT)
    http = need("openenv.core.env_server.http_server", WHAT)
    pydantic = need("pydantic", WHAT)
    field = pydantic.Field

    action = pydantic.create_model(
        "GameAction",
        __base__=kinds.Action,
        tool=(str, field(description=f"one of {', '.join(TOOLS)}")),
        arguments=(dict[str, Any], field(default_factory=dict, description="of the tool, by name")),
    )
    observation = pydantic.create_model(
        "GameObservation",
        __base__=kinds.Observation,
        answer=(dict[str, Any], field(default_factory=dict, description="what the tool says")),
        error=(str, field(default="", description="what is wrong with the call")),
    )

    class GameEnvironment(interfaces.Environment):  # type: ignore[misc,name-defined]
        """One client's view of the game."""

        SUPPORTS_CONCURRENT_SESSIONS = True

        def reset(self, seed: Any = None, episode_id: Any = None, **_: Any) -> Any:
            told = call(game, "describe", {})
            return observation(**told | {"reward": None})

        def step(self, action: Any, timeout_s: Any = None, **_: Any) -> Any:
            return observation(**call(game, action.tool, action.arguments))

        @property
        def state(self) -> Any:
            return kinds.State(
                episode_id=game.folder.manifest["id"], step_count=game.budget()["charged"]
            )

        def get_metadata(self) -> Any:
            return kinds.EnvironmentMetadata(
                name="archgym", description=f"archgym: {game.scenario.name}"
            )

    return http.create_fastapi_app(
        GameEnvironment, action, observation, max_concurrent_envs=MOST_SESSIONS
    )


def serve(game: Game, port: int, token: str, on_ready: Callable[[str], None]) -> None:
    """Answer OpenEnv's clients on a port of the loopback until interrupted.

    Args:
        game: to play.
        port: 0 for a free one.
        token: the first part of every path.
        on_ready: told the base address for clients, token included, once the port is taken.

    Raises:
        ArchgymError: the port is taken.
    """
    uvicorn = need("uvicorn", WHAT)
    app = make_app(game)
    with taken(port) as (listening, hosts):
        on_ready(f"http://{hosts[0]}/{token}")
        answer(uvicorn, below(app, token, hosts), listening, ws_max_size=MOST_BYTES)


def below(app: Any, token: str, hosts: list[str]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """An ASGI application that answers only below a secret path, under names of the loopback.

    Args:
        app: the ASGI application behind it.
        token: the secret.
        hosts: what a request may call the server.

    Returns:
        The application; it answers 404 to everybody else, and refuses bodies above 1 MiB.
    """

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        first, _, rest = scope["path"].removeprefix("/").partition("/")
        known = hmac.compare_digest(first.encode(), token.encode())
        known &= headers.get(b"host", b"").decode("latin-1") in hosts
        known &= b"origin" not in headers  # no page of a browser plays
        length = headers.get(b"content-length", b"0")
        if known and length.isdigit() and int(length) <= MOST_BYTES:
            await app(scope | {"path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            head = [(b"content-type", b"application/json")]
            body = json.dumps({"detail": "use the address that archgym serve printed"}).encode()
            await send({"type": "http.response.start", "status": 404, "headers": head})
            await send({"type": "http.response.body", "body": body})

    return checked
