"""Scenarios and workloads as data: one YAML a scenario; traces under ``<domain>/traces``."""
