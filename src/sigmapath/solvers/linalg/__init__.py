"""Linear systems of the implicit method: planned once per model, solved many times."""
