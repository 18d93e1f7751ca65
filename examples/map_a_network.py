"""Map a network onto an accelerator of your own and see where its energy goes.

Run: python examples/map_a_network.py
"""

from archgym.simulators.accelerator.layers import Layer, Network
from archgym.simulators.accelerator.machines import load_architecture
from archgym.simulators.accelerator.mapper import Found, find_mapping

# a small network: one convolution, one depthwise, one matrix product
network = Network(
    "mine",
    (
        Layer("stem", K=32, C=3, P=56, Q=56, R=3, S=3, stride_h=2, stride_w=2),
        Layer("depthwise", G=32, P=56, Q=56, R=3, S=3),
        Layer("classify", K=10, C=32),
    ),
)
# the Eyeriss-like machine with half the global buffer and 8 x 8 processing elements
machine = load_architecture("eyeriss")
machine = machine.with_level("GLB", size_bits=54 * 8192.0, fanout=(8, 8))


def main(effort: int = 3000) -> float:
    """Print every layer's mapping; returns the energy of the network in J."""
    total = 0.0
    for layer in network.layers:
        found = find_mapping(layer, machine, effort=effort)
        assert isinstance(found, Found), f"{layer.name} does not fit: {found}"
        cost = found.cost
        print(
            f"\n{layer.name}: {cost.energy_pj * 1e-6:.3g} uJ, {cost.cycles:.0f} cycles, "
            f"{cost.utilisation:.0%} of the multipliers"
        )
        for level, energy in zip(machine.levels, cost.level_energy_pj.sum(axis=1)):
            print(f"  {level.name:12} {energy / cost.energy_pj:6.1%}")
        print(found.mapping.describe(machine))
        total += 1e-12 * cost.energy_pj
    return total


if __name__ == "__main__":
    main()
