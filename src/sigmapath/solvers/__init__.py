"""Compiled integrators and steady states; they know no chemistry."""
