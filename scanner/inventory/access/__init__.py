"""Who can do what: role assignments followed to the operations they really allow."""
