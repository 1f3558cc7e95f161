"""Rules: loading, compiling and evaluating them, and the result of a scan."""
