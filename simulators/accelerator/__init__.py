"""DNN accelerators and their mappings: one loop-nest model, a mapper, two simulators."""

from .mapping_simulator import MappingSimulator
from .simulator import AcceleratorSimulator

__all__ = ["AcceleratorSimulator", "MappingSimulator"]
