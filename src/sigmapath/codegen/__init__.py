"""Mathematics to machine code: block IR, printers, cache."""
