"""Games by OpenEnv: its own client against our server, and what the address guards."""

import json
import os
import re
import subprocess
import sys
import threading

import anyio
import pytest

from archgym.errors import MissingExtraError
from archgym.play.openenv_server import MOST_BYTES, below, call

SCENARIO = ["dram/sqlite-low-latency", "--workload", "sqlite@200"]


def test_every_tool_is_called_and_every_fault_is_told(begun):
    game = begun(budget=4)
    described = call(game, "describe", {})
    assert described["answer"]["knobs"] and described["reward"] is None and not described["done"]
    told = call(game, "evaluate", {"designs": [{"page_policy": "Closed"}, {}]})
    costs = [r["cost"] for r in told["answer"]["results"]]
    assert told["reward"] == -min(costs) and told["error"] == ""
    for tool, arguments, said in (
        ("cheat", {}, "unknown tool"),
        ("_replay", {}, "unknown tool"),
        ("evaluate", {"design": {}}, "not its arguments"),
        ("evaluate", {"designs": [{"page_polcy": "Closed"}]}, "page_policy"),
        ("evaluate", {"designs": [{}] * 9}, "nothing was charged"),
        ("explain", {"design": {"page_policy": "OpenAdaptive"}}, "evaluate it first"),
    ):
        wrong = call(game, tool, arguments)
        assert said in wrong["error"] and wrong["answer"] == {} and wrong["reward"] is None
    assert game.budget()["charged"] == 3
    assert call(game, "submit", {})["done"]
    assert (
        "over" in call(game, "evaluate", {"designs": [{}]})["error"]
        or call(game, "budget", {})["done"]
    )


def test_only_the_printed_address_is_answered():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["path"])

    async def send(message):
        seen.append(message.get("status") or message.get("code"))

    async def ask(path, host=b"127.0.0.1:9", kind="http", more=()):
        seen.clear()
        scope = {"type": kind, "path": path, "headers": [(b"host", host), *more]}
        await below(app, "secret", ["127.0.0.1:9"])(scope, None, send)
        return seen[0]

    assert anyio.run(ask, "/secret/ws") == "/ws"
    for path in ("/ws", "/", "/Secret/ws", "/secret2/ws", "//secret/ws", "/s\u00e9cret/ws"):
        assert anyio.run(ask, path) == 404
    assert anyio.run(ask, "/secret/ws", b"evil.example") == 404
    assert anyio.run(ask, "/old/ws", b"127.0.0.1:9", "websocket") == 1008
    page = [(b"origin", b"http://evil.example")]
    assert anyio.run(ask, "/secret/ws", b"127.0.0.1:9", "websocket", page) == 1008
    large = [(b"content-length", str(MOST_BYTES + 1).encode())]
    assert anyio.run(ask, "/secret/step", b"127.0.0.1:9", "http", large) == 404


def test_without_the_package_the_extra_is_named(begun, monkeypatch):
    from archgym.play import openenv_server

    monkeypatch.setitem(sys.modules, "openenv", None)
    monkeypatch.setitem(sys.modules, "openenv.core.env_server.types", None)
    with pytest.raises(MissingExtraError, match=r"archgym\[openenv\]"):
        openenv_server.make_app(begun(budget=3))


@pytest.fixture
def served(tmp_path):
    """The address of a server in a process of its own."""
    pytest.importorskip("openenv.core", reason="the extra openenv is not installed")
    words = [sys.executable, "-m", "archgym", "serve", *SCENARIO, "--openenv", "--budget", "6"]
    with subprocess.Popen(
        [*words, "--output", str(tmp_path / "game")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=os.environ,
    ) as server:  # fmt: skip
        line = server.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, server.stderr.read()
        yield found.group()
        server.terminate()


def test_two_clients_of_openenv_share_one_budget(served):
    from openenv.core.generic_client import GenericEnvClient

    def evaluate(n):
        return {"tool": "evaluate", "arguments": {"designs": [{}] * n}}

    with (
        GenericEnvClient(base_url=served).sync() as one,
        GenericEnvClient(base_url=served).sync() as two,
    ):
        assert one.reset().observation["answer"]["budget"]["left"] == 5
        first = one.step(evaluate(2))
        assert first.reward == -first.observation["answer"]["results"][0]["cost"]
        assert two.reset().observation["answer"]["budget"]["left"] == 3  # no reset fills it again
        assert "nothing was charged" in two.step(evaluate(4)).observation["error"]
        spent = []
        clients = [
            threading.Thread(target=lambda c=c: spent.append(c.step(evaluate(2)).observation))
            for c in (one, two)
        ]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        assert sorted(bool(s["error"]) for s in spent) == [False, True]
        assert one.state()["step_count"] == 5
        answer = two.step({"tool": "submit", "arguments": {}})
        assert answer.done and "optimum" not in json.dumps(answer.observation)
    base, _, _ = served.rpartition("/")
    with pytest.raises(ConnectionError), GenericEnvClient(base_url=base).sync() as stranger:
        stranger.reset()
