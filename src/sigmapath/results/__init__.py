"""Labelled results, their provenance, and files of them."""
