"""Agents and players that reach for what was not paid for: none gets it."""

import json
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from archgym.agents.guided import Guided

import archgym
from archgym import trust
from archgym.bench.isolated import guard, host, landlock
from archgym.errors import AgentError, ArchgymError, TrustError
from archgym.goals.scenario_file import folder, load_scenario
from archgym.goals.trials import Trials
from archgym.play import game as games
from archgym.runs.summary import trials_csv
from archgym.search.study import Study
from archgym.tables.certificate import find

from .conftest import SMALL, TASK, judge, made
from .evil import EVIL, REFUSED


@pytest.fixture
def evil(tmp_path):
    """The file of agents that reach for answers."""
    certificate = str(folder() / "certified" / f"{TASK.replace('/', '-')}.json")
    assert Path(certificate).exists()
    file = tmp_path / "evil.py"
    file.write_text(EVIL.format(certificate=certificate, task=TASK), "utf-8")
    return file


def isolated(file, name, patience=host.PATIENCE):
    return host.Isolated(
        load_scenario(TASK), f"{file}:{name}", seed=0, budget=8, hyperparameters={},
        source=file.parent, patience=patience,
    )  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_agent_cannot_reach_the_answers(evil, name):
    if name == "Native" and not landlock.version():
        pytest.skip("this system does not keep native code from files")
    with pytest.raises(AgentError) as raised:
        isolated(evil, name)
    if name == "Native":
        assert "it was read" not in str(raised.value)
    else:
        assert "may not" in str(raised.value)


def test_packed_tables_are_closed_to_agents_where_they_are_installed(tmp_path, monkeypatch):
    packed = tmp_path / "site" / "archgym_bench"
    packed.mkdir(parents=True)
    (packed / "__init__.py").write_text("", "utf-8")
    (tmp_path / "site" / "other").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    for name in [n for n in sys.modules if n.split(".")[0] == "archgym_bench"]:
        monkeypatch.delitem(sys.modules, name)  # the one that another test has loaded
    monkeypatch.setattr(guard, "_library_paths", lambda: [str(tmp_path / "site")])
    where = guard.places(None, tmp_path / "scratch")
    hook = guard.hook_of(where)
    with pytest.raises(PermissionError, match="import archgym_bench"):
        hook("import", ("archgym_bench.task", None, None, None, None))
    with pytest.raises(PermissionError, match="read"):
        hook("open", (str(packed / "data.npz"), "r", 0))
    hook("open", (str(tmp_path / "site" / "other" / "data.npz"), "r", 0))
    assert str(tmp_path / "site" / "other") in where.for_kernel()
    assert str(packed) not in where.for_kernel()


def test_an_agent_may_read_of_its_own_process_what_libraries_do(evil):
    with isolated(evil, "Status") as agent:
        assert len(agent.ask(1)) == 1


def test_an_agent_cannot_say_that_it_is_confined(evil):
    with isolated(evil, "Confident") as agent:
        assert agent.confined is (landlock.version() > 0)


@pytest.mark.parametrize(("name", "said"), [("Tally", "are a mapping"), ("Big", "too large")])
def test_an_agent_of_no_sense_is_refused_when_it_is_made(evil, name, said):
    with pytest.raises(AgentError, match=said):
        isolated(evil, name)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds private memory")
def test_an_agent_cannot_take_all_memory(evil):
    """The memory is reserved, never written: what the test itself needs is little."""
    with pytest.raises(AgentError, match="MemoryError"):
        isolated(evil, "Greedy")


def test_an_agent_that_asks_and_never_reads_is_ended(evil):
    scenario = load_scenario(TASK)
    x = scenario.space.sample(1, np.random.default_rng(0))
    e = scenario.evaluate(x)
    with isolated(evil, "Deaf", 3) as agent, pytest.raises(AgentError, match="read no message"):
        agent.tell(x, scenario.costs(e)[:, 0], scenario.feedback(e))


def test_no_answer_is_in_the_memory_of_an_agents_process(evil):
    with isolated(evil, "Memory") as agent:
        assert len(agent.ask(3)) == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [("Silent", "no answer within"), ("Loud", "answered more"), ("Shapeless", "shape")],
)
def test_an_agent_that_hangs_shouts_or_answers_nonsense_is_ended(evil, name, said, monkeypatch):
    monkeypatch.setattr(host, "MOST_BYTES", 1 << 20)

    def ask():
        with isolated(evil, name, 3 if name == "Silent" else 60) as agent:
            agent.ask(3)

    with pytest.raises(AgentError, match=said):
        ask()


@pytest.mark.parametrize("name", ["Clock", "Entropy"])
def test_an_agent_that_cannot_be_repeated_is_rejected(evil, tmp_path, name):
    made(tmp_path / "entry", f"{evil}:{name}", seeds=1)
    with trust.consent():
        verdict = judge(tmp_path / "entry", suite=SMALL)
    assert not verdict.holds and "recorded" in verdict.faults[0]


def test_an_agents_own_code_runs_after_consent_only_and_is_held_to_its_digest(evil, tmp_path):
    entry = tmp_path / "entry"
    made(entry, f"{evil}:Proxied", seeds=1)
    with pytest.raises(TrustError, match="consent"):
        judge(entry, suite=SMALL)
    with trust.consent():
        verdict = judge(entry, suite=SMALL)
    assert verdict.holds, verdict.faults
    (fidelity,) = (c for c in verdict.claims if c.question.startswith("rank fidelity"))
    assert fidelity.verdict == "yes" and "Kendall" in fidelity.text
    (known,) = (c for c in verdict.claims if c.question == "the answer could not be known")
    assert known.verdict == "unresolved" and "may hold answers" in known.text
    source = entry / "agent" / "evil.py"
    source.write_text(source.read_text("utf-8") + "# later\n", "utf-8")
    assert "digest differs" in judge(entry, suite=SMALL).faults[0]


def test_advice_is_given_on_designs_that_were_paid_for_alone():
    scenario = load_scenario(TASK)
    x = scenario.space.sample(2, np.random.default_rng(0))
    with host.Isolated(scenario, "guided", seed=0, budget=8, hyperparameters={}) as agent:
        e = scenario.evaluate(x)
        agent.tell(x, scenario.costs(e), scenario.feedback(e))
        other = {"need": "relieve", "batch": 0, "row": 0, "design": x[1].tolist()}
        with pytest.raises(AgentError, match="not the one it was told of"):
            agent._help(other)
        for wrong in ({"batch": 7}, {"row": -1}, {"design": [0]}):
            with pytest.raises((AgentError, IndexError)):
                agent._help(other | wrong)


class Vandal(archgym.Agent):
    """Overwrites all that it is told."""

    name = "vandal"

    def _ask(self, n):
        return self.space.sample(n, self.rng)

    def _tell_with(self, x, costs, feedback):
        x[:], costs[:] = 0, -1e9
        for values in feedback.evaluation.metrics.values():
            values[:] = 1e-30

    def _tell(self, x, costs):
        pass


def test_an_agent_cannot_overwrite_the_record():
    scenario = load_scenario(TASK)
    trials = Study(scenario, Vandal, budget=40, from_reference=False).run()
    again = Trials.of(scenario, trials.x, scenario.evaluate(trials.x))
    assert trials.x.any() and (trials.cost == again.cost).all()
    assert trials_csv(scenario, trials) == trials_csv(scenario, again)


# ---- doors for players
def test_many_clients_cannot_outspend_a_budget(tmp_path):
    scenario = load_scenario(TASK)
    designs = scenario.space.decode(scenario.space.sample(6, np.random.default_rng(1)))
    refused = []
    with games.start(scenario, budget=9, output=tmp_path / "game") as game:

        def client():
            for design in designs:
                try:
                    game.evaluate([design, design])
                except ArchgymError as error:
                    refused.append(str(error))

        clients = [threading.Thread(target=client) for _ in range(6)]
        for c in clients:
            c.start()
        for c in clients:
            c.join()
        assert game.budget()["left"] <= 1 and game.budget()["charged"] <= 9 and refused
        with pytest.raises(ArchgymError):
            games.resume(tmp_path / "game")  # a second server on the same folder
        text = json.dumps([game.describe(), game.front(), game.budget()])
    best = find(scenario)["optimum"]["metrics"]
    assert not any(repr(best[m]) in text for m in scenario.objectives[0].metrics)
    assert "optimum" not in text and "certificate" not in text


def test_environments_tell_nothing_of_the_optimum():
    import gymnasium

    env = gymnasium.make("archgym/Design-v0", scenario=TASK) if _has_design() else None
    if env is None:
        from archgym.environments.design import DesignEnv

        env = DesignEnv(load_scenario(TASK))
    observation, info = env.reset(seed=0)
    told = [observation, info]
    for _ in range(3):
        observation, _, _, _, info = env.step(env.action_space.sample())
        told += [observation, info]
    best = find(load_scenario(TASK))["optimum"]
    text = repr(told)
    assert "optimum" not in text and "certificate" not in text
    assert repr(best["cost"]) not in text


def _has_design():
    import gymnasium

    return "archgym/Design-v0" in gymnasium.registry


def test_a_token_of_another_server_is_refused():
    anyio = pytest.importorskip("anyio", reason="the extra mcp is not installed")
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    from archgym.play.mcp_server import guarded

    sent = []

    async def app(scope, receive, send):
        sent.append("passed")

    async def send(message):
        sent.append(message.get("status"))

    async def call(app, value):
        headers = [(b"authorization", value)] if value is not None else []
        await app({"type": "http", "headers": headers}, None, send)

    first, second = guarded(app, "one"), guarded(app, "two")
    for value in (b"Bearer one", b"bearer two", b"Bearer two ", b"", None, "Bearer twö".encode()):
        sent.clear()
        anyio.run(call, second, value)
        assert sent[0] == 401, value
    sent.clear()
    anyio.run(call, first, b"Bearer one")
    assert sent == ["passed"]


def test_an_agent_behind_the_wall_is_told_what_one_before_it_is():
    scenario = load_scenario("serving/llama-70b-front")
    before = Guided(scenario.space, seed=3, budget=40)
    with host.Isolated(scenario, "guided", seed=3, budget=40, hyperparameters={}) as behind:
        for _ in range(10):
            x = behind.ask(4)
            assert (before.ask(4) == x).all()
            e = scenario.evaluate(x)
            for agent in (before, behind):
                agent.tell(x, scenario.costs(e), scenario.feedback(e))
    assert len(before._tradeoff) > 1
