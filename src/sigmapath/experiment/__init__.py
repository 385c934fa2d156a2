"""What is done to a model: doses, protocols, sweeps, readouts, and the run plan."""
