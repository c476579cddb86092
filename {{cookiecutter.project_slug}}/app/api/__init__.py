"""The HTTP layer: independent of any resource; the route tables are passed in."""
