"""Fused chains: found, proved, linked from layers, and a network cut into groups."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from archgym.simulators.accelerator.architecture import Architecture, Level
from archgym.simulators.accelerator.fusing import exact
from archgym.simulators.accelerator.fusing.exact import prove_pair
from archgym.simulators.accelerator.fusing.links import link, own_nest
from archgym.simulators.accelerator.fusing.network import fuse_network
from archgym.simulators.accelerator.fusing.partition import Group, partition
from archgym.simulators.accelerator.fusing.searching import find_chain
from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.uneven.fused import (
    Chain,
    FusedNest,
    Holder,
    Step,
    evaluate_fused,
    matrix_products,
)
from archgym.simulators.accelerator.uneven.nest import HOLD, LOOP, UNROLL
from archgym.simulators.accelerator.uneven.product import Product
from archgym.simulators.accelerator.validation.optima import fused_machine
from archgym.simulators.accelerator.workloads import resolve

from archgym.cli import main
from archgym.errors import ArchgymError, UnknownNameError
from archgym.validation import reference_file

from . import fused_enumeration


def buffer_of(words, fanout=(2, 1), keep="WIO", **more):
    dram = Level("DRAM", read_pj=100, write_pj=120, shared_bits=32, must_keep="WIO")
    glb = Level("GLB", words * 16, fanout, 3, 5, 5, shared_bits=96, may_keep=keep, **more)
    return Architecture("one-buffer", (dram, glb), 1.0)


@pytest.mark.parametrize(("words", "bits"), [(9, 0), (14, 0), (26, 0), (14, 2)])
def test_a_proved_pair_is_the_best_of_all_nests(words, bits):
    pair = matrix_products(4, 2, 2, 2)
    machine = buffer_of(words)
    if bits:  # where DRAM is slow enough for the width of its words to matter
        machine = replace(machine.with_level("DRAM", shared_bits=12.0), output_bits=bits)
    wanted = fused_enumeration.best_values(pair, machine, {"m": 2, "k": 1, "n": 1, "h": 1})
    for objective, value in zip(("energy", "delay", "energy-delay"), wanted):
        found = prove_pair(pair, machine, objective=objective)
        assert found.proved and found.cost.fits
        assert found.value(objective) == pytest.approx(value, rel=1e-12)


def test_annealing_is_never_below_what_is_proved_and_ends_near_it():
    pair, machine = matrix_products(8, 4, 8, 4), buffer_of(40, (4, 1))
    proved = prove_pair(pair, machine)
    found = find_chain(pair, machine, objective="energy", effort=200_000)
    more = find_chain(pair, machine, objective="energy", effort=400_000)
    assert found.cost.fits and not found.proved
    assert more.value("energy") <= found.value("energy") <= 1.2 * proved.value("energy")
    assert more.value("energy") >= proved.value("energy") * (1 - 1e-12)


def test_a_reference_pair_is_found_again():
    row = json.loads(reference_file("mapping_optima_reference.json").read_text())["fused"]["rows"][
        1
    ]
    found = prove_pair(matrix_products(*row["m_k_n_h"]), fused_machine(row["glb_words"]))
    assert found.cost.energy_pj == pytest.approx(row["energy_pj"], rel=1e-6)
    assert found.cost.cycles == row["cycles"]


def test_three_products_with_room_for_all_bring_every_word_once():
    a, b, c = (Layer(f"l{i}", K=k, C=d, P=4) for i, (k, d) in enumerate([(8, 4), (2, 8), (4, 2)]))
    linked = link([a, b, c])
    machine = buffer_of(4096, (1, 1))
    found = find_chain(
        linked.chain, machine, letters=linked.letters, objective="energy", effort=60_000
    )
    macs, outside = a.macs + b.macs + c.macs, (32 + 16 + 8 + 16)
    # every outer tensor but the last output is read once; every product reads two operands and a sum
    outputs = 4 * 8 + 4 * 2 + 4 * 4
    dram = outside * 100 + 16 * 120
    glb = outside * 5 + 16 * 3 + macs * (3 + 3 + 3 + 5) - outputs * 3
    assert found.cost.energy_pj == pytest.approx(dram + glb + macs)
    again = evaluate_fused(found.nest, linked.chain, machine)
    assert (again.energy_pj, again.fits) == (found.cost.energy_pj, True)


def test_an_mlp_whose_middle_fits_is_fused_from_the_nests_of_its_layers():
    layers = (Layer("up", K=256, C=64, P=32), Layer("down", K=64, C=256, P=32))
    machine = load_architecture("tpuv4i")
    fused = fuse_network(Network("mlp", layers), machine, objective="energy-delay", effort=8_000)
    (group,) = fused.groups
    assert group.size == 2 and not fused.unlinked
    assert group.energy_pj < sum(g.energy_pj for g in fused.alone)
    again = evaluate_fused(group.what.found.nest, group.what.linked.chain, machine)
    assert (again.energy_pj, again.fits) == (group.energy_pj, True)


def test_a_nest_is_split_among_the_dimensions_of_a_chain():
    gate = Layer("mlp_gate_up", K=24, C=5, P=7)
    linked = link([gate, Layer("mlp_down", K=5, C=12, P=7)])
    loops = [(LOOP, 2, 3, 0), (LOOP, 2, 4, 0), (UNROLL, 2, 2, 1), (LOOP, 4, 7, 0)]
    nest = np.array([(HOLD, 0, 0, 0), *loops])
    product, letters = linked.chain.products[0], linked.letters[0]
    own = own_nest(nest, letters, product)
    names = [product.dimensions[d] for d in own[1:, 1]]
    by_letter = {"K": 1, "P": 1}
    for name, times in zip(names, own[1:, 2]):
        by_letter[letters[name]] *= times
        assert product.extents[name] % times == 0
    assert by_letter == {"K": 24, "P": 7}
    assert own[0].tolist() == [HOLD, 0, 0, 0]


def test_what_cannot_be_proved_says_why():
    pair = matrix_products(4, 2, 2, 2)
    three = Architecture("three", (*buffer_of(64).levels, Level("RF", 64)), 1.0)
    with pytest.raises(ArchgymError, match="three is not DRAM and one buffer"):
        prove_pair(pair, three)
    window = link([Layer("e", K=4, C=2, P=6), Layer("d", G=4, P=4, R=3)])
    with pytest.raises(ArchgymError, match="d has windows"):
        prove_pair(window.chain, buffer_of(64))
    assert "not even single words" in prove_pair(pair, buffer_of(0.5))
    assert "may not keep" in prove_pair(pair, buffer_of(64, keep="I"))
    wrong = FusedNest((Holder(0, ("A", "B", "V", "O")), Step("k", 2)), ((), ()))
    with pytest.raises(ArchgymError, match="shared loop over k is not a loop of both"):
        evaluate_fused(wrong, pair, buffer_of(64))
    with pytest.raises(ArchgymError, match="3 nests for 2"):
        evaluate_fused(FusedNest((), ((), (), ())), pair, buffer_of(64))
    with pytest.raises(ArchgymError, match="is no operand"):
        Chain((pair.products[1], Product("x", {"m": 4}, {"A": [], "B": [], "C": []})))


def test_a_pair_with_too_many_unrollings_or_another_objective_is_refused(monkeypatch):
    pair = matrix_products(4, 2, 2, 2)
    with pytest.raises(UnknownNameError, match="enrgy"):
        prove_pair(pair, buffer_of(64), objective="enrgy")
    monkeypatch.setattr(exact, "MOST_UNROLLINGS", 1)
    with pytest.raises(ArchgymError, match=r"can be unrolled in \d+ ways; up to 1 are looked"):
        prove_pair(pair, buffer_of(64))
    network = Network("n", (Layer("scores", K=8, C=4, P=8), Layer("values", K=4, C=8, P=8)))
    fused = fuse_network(network, buffer_of(96, (2, 2)), certify=True, effort=4_000)
    assert "can be unrolled" in fused.unproved[0] and not fused.unlinked
    assert not any(getattr(g.what, "found", g.what).__dict__.get("proved") for g in fused.groups)


def test_a_machine_without_room_for_what_is_between_fuses_nothing():
    network = Network("n", (Layer("scores", K=8, C=4, P=8), Layer("values", K=4, C=8, P=8)))
    fused = fuse_network(network, buffer_of(96, keep="I"), effort=4_000)
    assert [g.size for g in fused.groups] == [1, 1]
    assert "keeps both outputs and operands" in fused.unlinked[0]
    wide = replace(buffer_of(64).levels[0], fanout=(2, 1))
    wide = Architecture("wide", (wide, buffer_of(64).levels[1]), 1.0)
    with pytest.raises(ArchgymError, match="not DRAM and one buffer"):
        prove_pair(matrix_products(4, 2, 2, 2), wide)


def test_layers_that_link():
    mobile = resolve("mobilenet-v2").layers
    at = [x.name for x in mobile].index("block2_depthwise")
    expand, depthwise, project = mobile[at - 1 : at + 2]
    assert "they occur 2 and 1 times" in link([expand, depthwise])
    linked = link([depthwise, project])
    one, two = linked.chain.products
    assert one.extents.keys() & two.extents.keys() == {"G1", "P1", "Q1"}
    wide = [x for x in mobile if x.name in ("block7_expand", "block7_depthwise")]
    pair = link(wide)
    first, second = pair.chain.products
    assert first.extents.keys() & second.extents.keys() == {"K1"}  # rows overlap, so channels alone
    bert = resolve("bert-base").layers
    scores, values, projection, up = bert[1:5]
    softmax = link([scores, values]).between[0]
    assert (softmax.name, softmax.reads, softmax.writes) == ("softmax", 2, 1)
    assert link([values, projection]).chain.products[1].extents["G1"] == 12
    assert "norm" in link([projection, up]) and "2304 channels" in link([bert[0], scores])
    gate, down = (x for x in resolve("llama-8b-decode").layers if x.name.startswith("mlp"))
    gated = link([gate, down])
    assert gated.between[0].name == "gate" and gated.chain.products[0].extents["H1"] == 2
    assert gated.chain.products[0].macs == gate.macs and gated.chain.products[1].macs == down.macs


@pytest.mark.parametrize("objective", ["energy", "delay", "energy-delay"])
def test_a_partition_is_the_best_of_all(objective):
    draw = np.random.default_rng(3)
    groups = [
        Group(first, size, *(draw.uniform(0.6, 1.0, 2) * size), (first, size))
        for size in (1, 2, 3)
        for first in range(7 - size + 1)
        if size < 3 or first % 2
    ]
    at = {g.what: g for g in groups}
    values = []
    for sizes in itertools.chain.from_iterable(
        itertools.product((1, 2, 3), repeat=n) for n in range(3, 8)
    ):
        firsts = [sum(sizes[:i]) for i in range(len(sizes))]
        if sum(sizes) == 7 and all((f, s) in at for f, s in zip(firsts, sizes)):
            pj, cycles = (
                sum(getattr(at[x], k) for x in zip(firsts, sizes)) for k in ("energy_pj", "cycles")
            )
            values.append({"energy": pj, "delay": cycles, "energy-delay": pj * cycles}[objective])
    best = partition(7, groups, objective)
    pj, cycles = sum(g.energy_pj for g in best), sum(g.cycles for g in best)
    assert min(values) == pytest.approx(
        {"energy": pj, "delay": cycles, "energy-delay": pj * cycles}[objective]
    )
    assert partition(8, groups, objective) is None


def test_a_network_with_a_softmax():
    network = Network("n", (Layer("scores", K=8, C=4, P=8), Layer("values", K=4, C=8, P=8)))
    machine = buffer_of(96, (2, 2))
    fused, more = (
        fuse_network(
            network, machine, objective="energy", certify=True, effort=20_000, softmax_macs=x
        )
        for x in (4.0, 5.0)
    )
    assert [g.size for g in fused.groups] == [2] and fused.groups[0].what.found.proved
    alone = sum(g.energy_pj for g in fused.alone)
    # 64 scores need not go to DRAM and come back
    assert alone - fused.groups[0].energy_pj == pytest.approx(64 * (100 + 120))
    assert more.groups[0].energy_pj - fused.groups[0].energy_pj == pytest.approx(64)
    assert sum(g.energy_pj for g in more.alone) - alone == pytest.approx(64)


def test_the_command(tmp_path, capsys):
    table = tmp_path / "two.csv"
    table.write_text("name,K,C,P\nmlp_up,16,8,8\nmlp_down,8,16,8\n")
    machine = tmp_path / "m.yaml"
    machine.write_text(
        "name: m\nnode_nm: 16\nclock_mhz: 1000\nbits: 8\nlevels:\n"
        "  - {name: DRAM, kind: dram, port_bits: 64, shared_words: 8}\n"
        "  - {name: buffer, kind: sram, size_kb: 0.5, port_bits: 8, may_keep: WIO, fanout: [4, 4]}\n"
    )
    words = ["accelerator", "fuse", str(table), "--machine", str(machine), "--effort", "5000"]
    assert main([*words, "--certify", "--objective", "energy", "--nests"]) == 0
    shown = capsys.readouterr().out
    assert "mlp_up + mlp_down" in shown and "proved" in shown and "buffer keeps T1" in shown
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["energy"] <= document["energy_alone"]
    assert main([*words, "--effort", "0", "--softmax-macs", "-1"]) == 2
    shown = capsys.readouterr().err
    assert "--effort must be" in shown and "--softmax-macs must be" in shown
    assert main([*words[:3], "--machine", "eyeriss", "--certify"]) == 2
    assert "DRAM and one buffer" in capsys.readouterr().err
