"""The networks that ship: their tables are what their families make, and have the published sizes."""

from itertools import pairwise

import pytest
from archgym.simulators.accelerator.families import decoders
from archgym.simulators.accelerator.families.catalogue import NETWORKS, TOKENS
from archgym.simulators.accelerator.workloads import names, resolve
from archgym.simulators.serving.shapes import SHAPES

from archgym.errors import WorkloadError

# published multiply-accumulates in billions: torchvision's weights tables; ultralytics' model table (8.7
# billion operations, two to a product)
MACS = {
    "efficientnet-b4": 4.394, "convnext-t": 4.456, "vit-b": 17.564, "vit-l": 61.555,
    "yolov8n": 8.7 / 2,
}  # fmt: skip


def weights(network, but=()):
    """Words of all weights that a network brings along."""
    return sum(
        x.tensor_sizes()[0] * x.count
        for x in network.layers
        if not x.own_weights and not x.name.startswith(but or "\0")
    )


def outs(network, ends=""):
    """Output channels of all layers whose name ends so."""
    return sum(x.K * x.G * x.count for x in network.layers if x.name.endswith(ends))


@pytest.mark.parametrize("name", sorted(MACS))
def test_work_is_what_is_published(name):
    assert resolve(name).macs == pytest.approx(MACS[name] * 1e9, rel=6e-3)


def test_every_table_is_what_its_family_makes():
    assert sorted(NETWORKS) == names()
    for name, entry in NETWORKS.items():
        made = entry.make(name)
        assert made.layers == resolve(name).layers, name
        assert made.name == name and len(entry.source) > 20


def test_parameters_of_vision_transformers():
    """torchvision's counts: biases, norms, the class token and positions added."""
    for name, d, blocks, published in (
        ("vit-b", 768, 12, 86_567_656),
        ("vit-l", 1024, 24, 304_326_632),
    ):
        others = d + 197 * d + d + 13 * d * blocks + 2 * d + 1000
        assert weights(resolve(name)) + others == published


def test_parameters_of_efficientnets():
    """torchvision's counts: two of a norm for every channel of a convolution, biases elsewhere."""
    for name, published in (("efficientnet-b0", 5_288_548), ("efficientnet-b4", 19_341_616)):
        network = resolve(name)
        biased = outs(network, ("_squeeze", "_excite")) + 1000
        assert weights(network) + 2 * (outs(network) - biased) + biased == published


def test_parameters_of_convnext():
    """torchvision's count: biases, norms and the scale of every block."""
    widths, depths = (96, 192, 384, 768), (3, 3, 9, 3)
    others = sum(9 * d * n for d, n in zip(widths, depths))
    others += 3 * 96 + sum(2 * a + b for a, b in pairwise(widths)) + 2 * 768 + 1000
    assert weights(resolve("convnext-t")) + others == 28_589_128


def test_parameters_of_yolov8n():
    """The published count: norms, biases of the last convolutions, 16 weights of the boxes' mean."""
    network, ends = resolve("yolov8n"), 3 * (64 + 80)
    assert weights(network) + 2 * (outs(network) - ends) + ends + 16 == 3_157_200


def test_the_u_net_of_stable_diffusion():
    """860 M parameters (859,520,964 with biases and norms); 339 G products without attention's own."""
    network = resolve("sd-unet")
    assert weights(network) == pytest.approx(859_520_964, rel=1e-3)
    assert weights(network) < 859_520_964
    matrices = sum(x.macs * x.count for x in network.layers if not x.own_weights)
    assert matrices == pytest.approx(339e9, rel=5e-3)
    block = {x.shape for x in resolve("sd-unet-block").layers}
    assert block <= {x.shape for x in network.layers}


def test_parameters_of_whisper():
    """The published checkpoint of 241,734,912: positions, biases (none of keys) and norms added."""
    d, n = 768, 12
    encode, decode = resolve("whisper-small-encode"), resolve("whisper-small-decode")
    positions = (1500 + 448) * d
    biases = 2 * d + n * (3 + 4 + 1) * d + n * (3 + 3 + 4 + 1) * d  # of keys there is none
    norms = n * 4 * d + n * 6 * d + 2 * 2 * d
    assert weights(encode) + weights(decode) + positions + biases + norms == 241_734_912


# published counts of parameters; a model's norms and its embedding are no products
DECODERS = {
    "llama-7b": (decoders.LLAMA_7B, 6_738_415_616),
    "llama-8b": (decoders.LLAMA_8B, 8_030_261_248),
    "llama-70b": (decoders.LLAMA_70B, 70_553_706_496),
    "mixtral-8x7b": (decoders.MIXTRAL, 46_702_792_704),
}


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_parameters_of_language_models(name):
    shape, published = DECODERS[name]
    network = resolve(f"{name}-prefill")
    norms, embedding = (2 * shape.layers + 1) * shape.hidden, shape.head_weights
    assert weights(network) + norms + embedding == published


@pytest.mark.parametrize("name", sorted(DECODERS))
def test_work_of_language_models(name):
    """Against the counts of the serving simulator, which adds up another way."""
    shape, _ = DECODERS[name]
    router = shape.moe_layers * shape.hidden * shape.experts
    matrices = shape.active_parameters - shape.head_weights + router
    pairs = shape.layers * shape.pair_flops[0] / 2
    step = resolve(f"{name}-decode").macs
    assert step == matrices + shape.head_weights + pairs * TOKENS
    prompt = resolve(f"{name}-prefill").macs
    assert prompt == matrices * TOKENS + shape.head_weights + pairs * TOKENS**2


def test_grouped_queries_read_their_keys_once():
    scores = resolve("llama-8b-decode").layer("scores")
    assert (scores.G, scores.P, scores.K, scores.C) == (8, 4, TOKENS, 128)
    assert scores.tensor_sizes()[0] == 8 * 128 * TOKENS  # the cached keys of a layer
    # a batch brings its own keys; matrices serve all of it
    batch = resolve("llama-8b-decode@16")
    assert batch.layer("scores").G == 128 and batch.layer("qkv").N == 16
    assert batch.macs == 16 * resolve("llama-8b-decode").macs


def test_experts_are_visited_evenly():
    def visits(tokens):
        network = decoders.prefill(decoders.MIXTRAL, tokens)
        rows = [x for x in network.layers if x.name.startswith("experts_down")]
        return sum(x.G * x.P for x in rows), {x.P for x in rows}, sum(x.G for x in rows)

    assert visits(1) == (2, {1}, 2)  # fewer visits than experts
    assert visits(2048) == (4096, {512}, 8)
    assert visits(5) == (10, {1, 2}, 8)  # six experts see one token, two see two
    one = resolve("mixtral-8x7b-decode").layer("experts_down")
    assert one.own_weights and resolve("mixtral-8x7b-decode@3").layer("experts_down").G == 6


def test_other_lengths_and_models_are_one_call_away():
    long = decoders.decode(SHAPES["Qwen3-32B"], 32_768)
    assert long.layer("scores").K == 32_768 and long.layer("scores").P == 8
    with pytest.raises(WorkloadError, match="DeepSeek-R1: latent attention"):
        decoders.prefill(SHAPES["DeepSeek-R1"], 128)
    with pytest.raises(WorkloadError, match="windowed"):
        decoders.prefill(SHAPES["gpt-oss-120b"], 128)


def test_the_script_writes_the_tables_that_ship(tmp_path, monkeypatch):
    import runpy

    from archgym.simulators.accelerator import data, workloads

    script = data.folder() / "programs" / "make_networks.py"
    written = {}
    monkeypatch.setattr(workloads, "write_csv", lambda n, path: written.update({path.stem: n}))
    runpy.run_path(str(script), run_name="__main__")
    assert sorted(written) == names()
