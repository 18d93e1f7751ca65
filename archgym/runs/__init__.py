"""Runs on disk: created, resumed, verified, drawn."""
