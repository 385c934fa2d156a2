"""From a model and a plan to results."""
