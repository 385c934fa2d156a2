"""The closed expression language."""
