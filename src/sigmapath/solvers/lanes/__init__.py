"""Large batches: the same drive loop over SIMD lanes, a run and a step size per lane."""
