"""The packaged pathways, their ligands and their conditions."""
