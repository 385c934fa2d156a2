"""What results mean: dose-response shapes, the dose experiment, comparisons."""
