"""One module for each area; importing it puts its rows into the registry."""
