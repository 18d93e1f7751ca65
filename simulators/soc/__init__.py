"""Systems on chip for AR/VR: task graphs on elements, memories and buses; see README.md."""

from .simulator import SoCSimulator

__all__ = ["SoCSimulator"]
