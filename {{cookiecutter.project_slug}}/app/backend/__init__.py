"""Everything that depends on the chosen database, cache store and rate-limit store."""
