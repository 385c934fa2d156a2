"""Machine code: text to object code, object code to addresses, object code kept on disk."""
