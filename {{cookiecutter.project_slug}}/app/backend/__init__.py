"""What differs by database, cache and limiter: the same names in one file for each choice."""
