"""Front ends: text or file to reaction network, and back."""
