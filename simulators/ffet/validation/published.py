"""The designs that the published relations compare, and what is the same for all of them."""

from __future__ import annotations

from dataclasses import replace

from ..choices import Choices

FASTEST = 6.0  # GHz: a target out of every design's reach
CFET = Choices("cfet-4t", target_ghz=FASTEST)
FFET = Choices("ffet-3.5t", target_ghz=FASTEST)
DUAL = replace(FFET, back_layers=12, back_pin_share=0.5)
MODEST = 1.0  # GHz: every design's reach, for power at one frequency
BOUND = 10.0  # violations
SHARES = (0.04, 0.16, 0.3, 0.4, 0.5)
SOURCE = "published relations"
SEEN = "an audit had seen it when it proposed the sources of the constants; no fit used it"
FITTED_CORE = "picorv32"  # the core whose figures constants were fitted on
# Shares of the wire on M2 and M3, M4 and M5, and above in public layouts: least and most
PUBLIC = ((0.57, 0.67), (0.20, 0.30), (0.13, 0.14))
LAYER_RUNS = 4  # placements for them
