"""Learned proxy cost models; none has landed yet."""
