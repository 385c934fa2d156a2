"""SBML to records and back; the only place that touches libSBML."""
