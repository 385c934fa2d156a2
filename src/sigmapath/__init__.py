"""sigmapath: the sigma-1 receptor and everything it drives, simulated."""
