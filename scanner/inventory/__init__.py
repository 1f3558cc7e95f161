"""The inventory: typed, linked resources of a snapshot and the facts derived from them."""
