"""Games by the Model Context Protocol, with the official client, in this process and outside."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

import anyio
import pytest

import archgym
from archgym.cli import main
from archgym.goals.changes import changes_of
from archgym.goals.scenario_file import load_scenario
from archgym.play import game as games

pytest.importorskip("mcp", reason="the extra mcp is not installed")
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from archgym.play.mcp_server import make_server

SCENARIO = ["dram/sqlite-low-latency", "--workload", "sqlite@200"]


def called(game, calls):
    """The answers of a game's server to calls of its client: (whether an error, text) each."""

    async def play():
        async with Client(make_server(game)) as client:
            out = []
            for name, arguments in calls:
                answer = await client.call_tool(name, arguments)
                out.append((bool(answer.is_error), answer.content[0].text))
            return out

    return anyio.run(play)


def test_a_recorded_conversation_is_answered_as_it_was(begun):
    steps = json.loads((Path(__file__).parent / "transcript.json").read_text("utf-8"))
    answers = called(begun(budget=10), [(s["tool"], s["arguments"]) for s in steps])
    for step, (error, text) in zip(steps, answers, strict=True):
        assert error == step["expect"]["error"], (step, text)
        for part in step["expect"]["contains"]:
            assert part in text, (step, text)
        assert "Traceback" not in text


def test_a_scripted_player_finds_a_better_design(tmp_path):
    """Coordinate descent over what the tools tell, and nothing else."""
    change = changes_of("energy", "energy=none", (), ())
    scenario = load_scenario("dram/sqlite-low-latency", "sqlite@200", changes=change)

    async def play(game):
        async with Client(make_server(game)) as client:

            async def ask(name, **arguments):
                answer = await client.call_tool(name, arguments)
                assert not answer.is_error, answer.content[0].text
                return json.loads(answer.content[0].text)

            told = await ask("describe")
            best, cost = told["reference"]["design"], (await ask("front"))["best"]["cost"]
            for knob in told["knobs"]:
                name, left = knob["name"], (await ask("budget"))["left"]
                listed = knob["values"] if isinstance(knob["values"], list) else []
                others = [best | {name: v} for v in listed if v != best[name]]
                others = others[: min(left, told["most_designs_per_call"])]
                rows = (await ask("evaluate", designs=others))["results"] if others else []
                for row in rows:
                    if row["feasible"] and row["cost"] < cost:
                        best, cost = row["design"], row["cost"]
            return told, await ask("submit", design=best)

    with games.start(scenario, budget=40, output=tmp_path / "game") as game:
        told, answer = anyio.run(play, game)
    reference, found = told["reference"]["objectives"], answer["submitted"]["objectives"]
    assert answer["is_the_best"] and found["energy"] < reference["energy"]


def test_a_game_is_compared_with_an_agent(begun, scenario, tmp_path, capsys):
    begun(budget=4, player="an assistant").submit()
    archgym.run(scenario, "random_walk", budget=4, output=tmp_path / "run", plots=False)
    assert main(["compare", str(tmp_path / "game"), str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "an assistant" in out and "random_walk" in out


def test_resources_tell_rules_and_trials(begun):
    game = begun(budget=3)

    async def read():
        async with Client(make_server(game)) as client:
            names = [str(r.uri) for r in (await client.list_resources()).resources]
            return names, [(await client.read_resource(n)).contents[0].text for n in names]

    names, texts = anyio.run(read)
    assert sorted(names) == ["archgym://rules", "archgym://scenario", "archgym://trials"]
    by = dict(zip(names, texts))
    assert "submit" in by["archgym://rules"]
    assert by["archgym://trials"].startswith("step,") and by["archgym://trials"].count("\n") == 2
    assert json.loads(by["archgym://scenario"])["budget"]["left"] == 2


def test_answers_are_json_without_nan():
    import numpy as np

    from archgym.terminal.output import plain

    assert plain({"a": (np.float64("nan"), np.int64(3), -np.inf), 1: [True]}) == {
        "a": [None, 3, None],
        "1": [True],
    }


def test_a_killed_server_goes_on_where_its_record_ends(tmp_path):
    run = tmp_path / "game"
    words = ["-m", "archgym", "serve"]
    begin = [*words, *SCENARIO, "--budget", "5", "--output", str(run)]
    env = dict(os.environ)

    async def play(arguments, calls, kill):
        parameters = StdioServerParameters(
            command=sys.executable, args=arguments, env=env, cwd=tmp_path
        )
        out = []
        async with Client(stdio_client(parameters)) as client:
            for name, given in calls:
                answer = await client.call_tool(name, given)
                out.append(json.loads(answer.content[0].text))
            if kill:
                os.kill(server_of(run), signal.SIGKILL)
        return out

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        first = anyio.run(
            play, begin, [("evaluate", {"designs": [{"page_policy": "Closed"}]})], True
        )
        assert not (run / "result.json").exists()  # nothing had the time to say goodbye
        again = [*words, "--resume", str(run)]
        budget, answer = anyio.run(play, again, [("budget", {}), ("submit", {})], False)
    assert budget == first[0]["budget"] == {"charged": 2, "left": 3, "budget": 5}
    assert answer["run"] == str(run)
    assert len(archgym.load(run).trials) == 2


def server_of(run: Path) -> int:
    """The process that serves a run's folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(run).encode() in words:
            found.append(int(place.parent.name))
    if not found:
        pytest.skip("processes cannot be listed here (no /proc)")
    return found[0]


def test_the_port_asks_for_a_token_and_for_the_loopback(begun):
    """Two clients by HTTP share one budget; strangers are refused."""
    import httpx2
    import uvicorn

    from archgym.play.mcp_server import guarded

    game = begun(budget=4)
    found = {}

    async def play():
        app = make_server(game).streamable_http_app()
        server = uvicorn.Server(uvicorn.Config(guarded(app, "secret"), port=0, log_level="error"))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve)
            while not server.started:
                await anyio.sleep(0.02)
            port = server.servers[0].sockets[0].getsockname()[1]
            address = f"http://127.0.0.1:{port}/mcp"
            for name, headers in (
                ("nobody", {}),
                ("wrong", {"Authorization": "Bearer guess"}),
                ("rebinding", {"Authorization": "Bearer secret", "Host": "evil.example"}),
            ):
                found[name] = await anyio.to_thread.run_sync(status_of, address, headers)
            for _ in range(2):
                async with (
                    httpx2.AsyncClient(headers={"Authorization": "Bearer secret"}) as http,
                    Client(streamable_http_client(address, http_client=http)) as client,
                ):
                    answer = await client.call_tool("evaluate", {"designs": [{}]})
                    charged = json.loads(answer.content[0].text)["budget"]["charged"]
                    found.setdefault("charged", []).append(charged)
            server.should_exit = True

    anyio.run(play)
    assert (found["nobody"], found["wrong"]) == (401, 401)
    assert found["rebinding"] in (403, 421)
    assert found["charged"] == [2, 3]


def status_of(address: str, headers: dict[str, str]) -> int:
    """The status of a POST."""
    request = urllib.request.Request(
        address, b"{}", {"Content-Type": "application/json", **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_bad_words_are_answered(tmp_path, capsys, monkeypatch):
    for words, told in (
        ([], "name a scenario"),
        (["dram/nothing"], "unknown scenario"),
        (["--resume", str(tmp_path)], "holds no run"),
        ([*SCENARIO, "--resume", str(tmp_path)], "either a scenario"),
        ([*SCENARIO, "--per-call", "0", "--output", str(tmp_path / "x")], "at least 1 design"),
        ([*SCENARIO, "--http", "--port", "99999", "--output", str(tmp_path / "y")], "port 99999"),
    ):
        assert main(["serve", *words]) == 2
        assert told in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert main(["serve", *SCENARIO, "--output", str(tmp_path / "z")]) == 2
    assert "archgym[mcp]" in capsys.readouterr().err
    assert not (tmp_path / "z").exists()
