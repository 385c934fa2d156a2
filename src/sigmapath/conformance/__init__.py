"""The SBML Test Suite run against this package; ``python -m sigmapath.conformance DIR``."""
