"""Families of networks: layer tables from published architecture parameters.

One family a module. ``catalogue`` names the tables that ship, and
``scenarios/accelerator/programs/make_networks.py`` writes them. Other lengths and sizes are one call away:

    from archgym.simulators.accelerator.families.decoders import decode
    from archgym.simulators.serving.shapes import SHAPES
    network = decode(SHAPES["Qwen3-32B"], context=32_768)
"""
