"""Reaction network to ordered mathematics, pass by pass."""
