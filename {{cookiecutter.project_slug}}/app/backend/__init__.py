"""Everything that depends on the database, the cache store and the limit store."""
