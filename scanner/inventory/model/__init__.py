"""The typed kinds of resources: declarations only, one module per domain."""
