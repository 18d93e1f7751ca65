"""What a network costs to build, by the bandwidth of its links, switches and network cards.

Prices in US dollars per GB/s: Won et al., LIBRA (ISPASS 2024, arXiv 2109.11762), its lowest of each part, as
the file of prices in its repository has them.  A switch inside a package is priced like one between packages.
"""

from __future__ import annotations

from .durations import links
from .system import System

# from the innermost: chiplets of a package, packages of a node, nodes of a pod, pods
LINK = (2.0, 4.0, 4.0, 7.8)
SWITCH = (13.0, 13.0, 13.0, 18.0)
CARD = (0.0, 0.0, 0.0, 31.6)


def network_cost(system: System) -> float:
    """What the network of all NPUs costs; its last dimension joins pods.

    Every link or port by which an NPU sends is paid for by its bandwidth. Where it leads to a switch, the
    switch and the card are paid for too.

    Args:
        system: the cluster, its dimensions not divided among uses.

    Returns:
        US dollars.
    """
    wide = [d for d, n in enumerate(system.npus) if n > 1]
    total = 0.0
    for d in wide:
        tier = len(LINK) - len(system.npus) + d
        price = LINK[tier]
        if system.topology[d] == "Switch":
            price += SWITCH[tier] + CARD[tier]
        total += price * links(system, d) * system.bandwidth[d]
    return total * system.size
