"""Figures of other tools and of silicon, which `archgym validate` compares with."""
