"""Mappings that are proved to be optimal: a branch and bound over the mapper's model."""
