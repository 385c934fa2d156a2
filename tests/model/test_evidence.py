import pytest

from sigmapath.model.evidence import Evidence, parse_evidence, write_evidence


def test_full_notes():
    notes = "Free BiP at rest. source: fit; ER holds 0.1 mM ; grade: assumed ; range: 9.69 to 99.2"
    assert parse_evidence(notes) == Evidence(
        meaning="Free BiP at rest",
        source="fit; ER holds 0.1 mM",
        grade="assumed",
        low=9.69,
        high=99.2,
    )


def test_colons_and_dots_in_the_meaning():
    evidence = parse_evidence(
        "Gene dose: 1 wild type, 0.5 het. source: doi:10.1000/x.y ; grade: input ; range: 0 to 10"
    )
    assert evidence.meaning == "Gene dose: 1 wild type, 0.5 het"
    assert evidence.source == "doi:10.1000/x.y"
    assert (evidence.low, evidence.high) == (0.0, 10.0)


def test_what_is_absent_stays_empty():
    assert parse_evidence("Free calcium") == Evidence(meaning="Free calcium")
    assert parse_evidence("") == Evidence()
    assert parse_evidence("grade: measured") == Evidence(grade="measured")


def test_derived_range():
    evidence = parse_evidence("x. source: y ; grade: derived ; range: derived")
    assert evidence.is_derived
    assert evidence.low is None


@pytest.mark.parametrize("text", ["about 3", "5 to 1", "1-5", "nan to 3", "1 to", ""])
def test_a_range_that_cannot_be_read_is_not_guessed(text):
    evidence = parse_evidence(f"x. grade: assumed ; range: {text}")
    assert (evidence.low, evidence.high) == (None, None)


def test_negative_range():
    evidence = parse_evidence("Voltage. range: -80 to -60")
    assert (evidence.low, evidence.high) == (-80.0, -60.0)


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence(),
        Evidence(meaning="a: b"),
        Evidence(meaning="m", source="s", grade="measured", low=1e-9, high=2.5),
        Evidence(source="s", is_derived=True),
    ],
)
def test_written_evidence_is_read_back(evidence):
    assert parse_evidence(write_evidence(evidence)) == evidence
