"""Schemes: arrows have the sign that the mechanism gives them, boxes do not cover each other."""

from __future__ import annotations

import random
from functools import cache

import pytest

from sigmapath.docs.excerpt import excerpt
from sigmapath.docs.influences import Diagram, diagram
from sigmapath.docs.layers import place
from sigmapath.docs.site import packaged_systems
from sigmapath.io.load import load_network
from sigmapath.pathways.registry import model_path

SYSTEMS = packaged_systems()


@cache
def scheme(name: str) -> Diagram:
    system = SYSTEMS[name]
    return diagram(excerpt(load_network(model_path(system.model)), system))


@pytest.mark.parametrize(
    ("system", "tail", "head", "kind"),
    [
        ("s1r_release", "Ca_er", "Kd_BiP_S1R_now", "lowers"),
        ("s1r_release", "ROS", "Kd_BiP_S1R_now", "raises"),
        ("translocation", "M_mam", "M_er", "becomes"),
        ("calcium", "thapsigargin", "SERCA_active", "lowers"),
        ("calcium", "Ca_er", "SOCE_open", "lowers"),
        ("misfolding", "tunicamycin", "glycosylation", "lowers"),
        ("ire1", "ERAD", "misfolded", "lowers"),
        ("perk", "PERK_active", "eIF2a_P", "raises"),
        ("perk", "GADD34", "eIF2a_P", "lowers"),
        ("death", "ROS", "death_drive", "raises"),
        ("nrf2", "KEAP1", "NRF2_cyt", "lowers"),
        ("calcium_channels", "x_S1R", "open_S1R_CaL", "lowers"),
        ("nmdar_potentiation", "glutamate", "NMDAR_open", "raises"),
        ("nmdar_potentiation", "x_S1R", "SK_free", "lowers"),
        ("trk", "S1R_active", "occ_Trk", "raises"),
        ("gpcr", "S1R_pm_unblocked", "MOR_signal", "lowers"),
    ],
)
def test_arrows_say_what_the_mechanism_does(system: str, tail: str, head: str, kind: str) -> None:
    found = {(a.tail, a.head): a.kind for a in scheme(system).arrows}
    assert found[tail, head] == kind


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_arrow_joins_two_nodes_that_are_drawn(name: str) -> None:
    drawn = {node.id for node in scheme(name).nodes}
    ends = {end for arrow in scheme(name).arrows for end in (arrow.tail, arrow.head)}
    assert ends == drawn
    assert 2 < len(drawn) < 40


def graph(seed: int) -> tuple[dict[str, float], list[tuple[str, str]]]:
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(rng.randint(2, 25))]
    arrows = {
        (a, b)
        for _ in range(2 * len(names))
        if (a := rng.choice(names)) != (b := rng.choice(names))
    }
    return {name: rng.uniform(0.1, 1.5) for name in names}, sorted(arrows)


@pytest.mark.parametrize("seed", range(20))
def test_boxes_never_overlap_and_arrows_arrive(seed: int) -> None:
    """Random graphs, cycles included."""
    widths, arrows = graph(seed)
    placed = place(widths, arrows)
    for a in widths:
        for b in widths:
            if a < b and placed.layer[a] == placed.layer[b]:
                apart = abs(placed.x[a] - placed.x[b])
                assert apart >= (widths[a] + widths[b]) / 2 - 1e-9
    for (tail, head), points in placed.routes.items():
        assert points[0] == (placed.x[tail], placed.layer[tail])
        assert points[-1] == (placed.x[head], placed.layer[head])
        steps = {b[1] - a[1] for a, b in zip(points, points[1:], strict=False)}
        assert steps in ({1.0}, {-1.0})
    assert place(widths, arrows) == placed
