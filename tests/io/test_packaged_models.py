"""The packaged pathways go out as valid SBML and Antimony and come back the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from sigmapath.io.antimony_write import network_to_antimony
from sigmapath.io.load import load_network, network_from_sbml
from sigmapath.io.sbml.check import check_sbml
from sigmapath.io.sbml.write import network_to_sbml

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.ant"))


@pytest.mark.parametrize("file", MODELS, ids=lambda file: file.stem)
def test_packaged_model(file):
    network = load_network(file)
    text = network_to_sbml(network)
    assert network_from_sbml(text) == replace(network, where="text")
    assert [i for i in check_sbml(text) if i.severity == "error"] == []
    assert not [s.id for s in network.species if "__" in s.id]
    network_to_antimony(network)  # raises where something would be lost
