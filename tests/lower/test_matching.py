"""Maximum matching of equations with variables: complete, by rank, deterministic."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from sigmapath.lower.matching import matched


def largest(edges, names):
    """Size of a maximum matching, by trying all orders."""
    best = 0
    for order in permutations(names, min(len(edges), len(names))):
        best = max(best, sum(name in edges[i] for i, name in enumerate(order)))
    return best


def test_matchings_are_as_large_as_brute_force_finds():
    rng = np.random.default_rng(7)
    names = "abcd"
    for _ in range(200):
        edges = [[n for n in names if rng.random() < 0.4] for _ in range(4)]
        found = matched(edges, dict.fromkeys(names, 0))
        partners = [name for name in found if name is not None]
        assert len(set(partners)) == len(partners)
        assert all(name is None or name in edges[i] for i, name in enumerate(found))
        assert len(partners) == largest(edges, names)


def test_high_ranks_are_taken_only_where_they_must():
    assert matched([["a", "b"]], {"a": 1, "b": 0}) == ["b"]
    assert matched([["a", "b"], ["b"]], {"a": 1, "b": 0}) == ["a", "b"]
    assert matched([["a"], ["a"]], {"a": 0}) == ["a", None]
