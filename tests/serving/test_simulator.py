"""The serving simulator: contract, reasons, models of one's own, corrections near rows, validation."""

import json

import numpy as np
import pytest
from archgym.simulators.serving import ServingSimulator
from archgym.simulators.serving.devices import device
from archgym.simulators.serving.models import find
from archgym.simulators.serving.shapes import SHAPES
from archgym.simulators.serving.validation import against, validate

from archgym import load_scenario
from archgym.errors import ArchgymError, ScenarioError, UnknownNameError
from archgym.testing import check_simulator

LLAMA_8B = {
    "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 32,
    "vocab_size": 128256, "intermediate_size": 14336,
}  # fmt: skip
DEEPSEEK = {
    "hidden_size": 7168, "num_attention_heads": 128, "num_key_value_heads": 128, "head_dim": 128,
    "num_hidden_layers": 61, "vocab_size": 129280, "intermediate_size": 18432, "n_routed_experts": 256,
    "num_experts_per_tok": 8, "moe_intermediate_size": 2048, "n_shared_experts": 1,
    "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128, "v_head_dim": 128,
}  # fmt: skip


@pytest.fixture(scope="module")
def llama():
    return ServingSimulator("llama-3.1-70b-chat")


def written(folder, document):
    path = folder / "config.json"
    path.write_text(json.dumps(document))
    return path


def test_contract(llama):
    check_simulator(llama)


def test_the_scenario_is_ready():
    scenario = load_scenario("serving/llama-70b-chat")
    assert scenario.simulators[0].name == "serving"


@pytest.mark.parametrize("name", ServingSimulator.workload_names())
def test_every_workload_has_a_feasible_default_design(name):
    simulator = ServingSimulator(name)
    e = simulator.evaluate(simulator.space.encode([simulator.default_design()]))
    assert e.feasible.all(), e.reasons


def test_figures_belong_together(llama):
    x = llama.space.sample(500, np.random.default_rng(1))
    e = llama.evaluate(x)
    ok = e.feasible
    m = {k: v[ok] for k, v in e.metrics.items()}
    assert np.allclose(m["gpu_throughput"] * m["gpus"], m["throughput"])
    assert np.allclose(m["gpu_time"] * m["gpu_throughput"], 1.0)
    assert np.allclose(m["cost"], m["gpu_time"] / 3600 * 1e6)  # prices are 1


def test_reasons_name_what_is_wrong(llama):
    design = llama.default_design() | {"gpu": "h100_sxm"}
    rows = [design | {"precision": "nvfp4"}, design | {"precision": "bf16", "tensor": 1}]
    e = llama.evaluate(llama.space.encode(rows))
    assert not e.feasible.any()
    assert "h100_sxm does not multiply in fp4" in e.reasons[0] and "b200_sxm" in e.reasons[0]
    assert "does not fit" in e.reasons[1] and "GPU of 86 GB" in e.reasons[1]


def test_unknown_names_suggest():
    with pytest.raises(UnknownNameError, match="h100_sxm"):
        device("h1000_sxm")
    with pytest.raises(UnknownNameError, match=r"Llama-3\.1-70B"):
        find("Lama-3.1-70B")
    with pytest.raises(UnknownNameError, match="price_h100_sxm"):
        ServingSimulator(price_h100=2.0)


def test_a_configuration_file_is_the_model_of_the_table(tmp_path):
    for document, name in ((LLAMA_8B, "Llama-3.1-8B"), (DEEPSEEK, "DeepSeek-R1")):
        shape = find(str(written(tmp_path, document)))
        assert shape.parameters == SHAPES[name].parameters
        assert shape.pair_flops == SHAPES[name].pair_flops


def test_a_bad_configuration_file_names_all_faults(tmp_path):
    bad = {**LLAMA_8B, "num_key_value_heads": 5, "vocab_size": -1}
    del bad["hidden_size"]
    with pytest.raises(ScenarioError) as error:
        find(str(written(tmp_path, bad)))
    for part in (
        "hidden_size",
        "vocab_size",
        "not divided by num_key_value_heads 5",
        "config.json",
    ):
        assert part in str(error.value)


def test_a_workload_file_of_ones_own(tmp_path):
    written(tmp_path, LLAMA_8B)
    file = tmp_path / "mine.yaml"
    file.write_text("model: config.json\ninputs: 1024\noutputs: 1024\n")
    mine, named = ServingSimulator(str(file)), ServingSimulator("llama-3.1-8b-chat")
    x = mine.space.sample(50, np.random.default_rng(0))
    a, b = mine.evaluate(x), named.evaluate(x)
    assert np.array_equal(a.metrics["ttft"], b.metrics["ttft"], equal_nan=True)
    file.write_text("model: nothing-such\ninputs: 0\nlength: 3\n")
    with pytest.raises(ScenarioError) as error:
        ServingSimulator(str(file))
    for part in ("'length'", "'outputs' is missing", "inputs", "nothing-such"):
        assert part in str(error.value)


def test_corrections_act_near_measured_rows_alone():
    """No engine was measured with Mixtral, so nothing corrects it; Llama 70B was, and is corrected."""
    for name, changes in (("mixtral-8x7b-chat", False), ("llama-3.1-70b-chat", True)):
        with_, without = ServingSimulator(name), ServingSimulator(name, corrected=False)
        x = with_.space.sample(300, np.random.default_rng(0))
        a, b = (s.evaluate(x).metrics["tpot"] for s in (with_, without))
        assert np.array_equal(a, b, equal_nan=True) != changes


def test_validation_holds():
    """What is demanded of seen and unseen configurations (the note of a gap says why it is one)."""
    v = validate()
    assert v.holds, [c for c in v.checks if c.failed]
    seen = v.check("TPOT, median error", "configurations seen")
    assert seen.figures["median"] < 0.06 and seen.rows > 1500


def test_other_rows_are_read_with_care(tmp_path):
    file = tmp_path / "rows.csv"
    head = "engine,model,gpu,mode,isl,osl,concurrency,gpus,precision,ttft_ms,tpot_ms\n"
    file.write_text(head + "vllm,Llama-3.1-70B,h200_sxm,agg,1024,1024,8,4,fp8,80,10\n")
    assert against(file).checks
    file.write_text(head + "vllm,Llama-3.1-70B,h900,agg,1024,1024,8,4,fp8,80,10\n")
    with pytest.raises(ArchgymError, match=r"line 2.*h900"):
        against(file)
    file.write_text("engine,model\nvllm,x\n")
    with pytest.raises(ArchgymError, match="columns are missing: gpu"):
        against(file)
