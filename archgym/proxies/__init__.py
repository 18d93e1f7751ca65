"""Learned stand-ins for simulators that know when they are wrong."""
