"""Memories of today as a registered simulator: devices, organisations and mappings to choose from."""
