"""One class per address, one method per verb."""
