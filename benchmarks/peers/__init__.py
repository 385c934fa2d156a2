"""One small module per program; :mod:`benchmarks.peers.registry` lists them."""
