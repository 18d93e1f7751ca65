"""Readers of networks and machines in the forms that other tools and frameworks write."""
