"""Azure to snapshot: the only code that imports the Azure SDK or reaches the network."""
