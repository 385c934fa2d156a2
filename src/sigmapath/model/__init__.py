"""The reaction network a biologist recognises."""
