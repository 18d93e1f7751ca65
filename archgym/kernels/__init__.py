"""Compiled kernels and threads."""
