"""Measurements of sigmapath beside its peers; never imported by the product.

``python -m benchmarks compare`` and ``python -m benchmarks load``, from the top of the repository.
"""
