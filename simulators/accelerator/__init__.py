"""DNN accelerators and their mappings: one loop-nest model, a mapper, two simulators."""

from .simulator import AcceleratorSimulator

__all__ = ["AcceleratorSimulator"]
