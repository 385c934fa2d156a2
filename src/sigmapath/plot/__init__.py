"""Figures from results; never runs a simulation."""
