"""The list of items over the API: here, and not in the pool, for what served each and what is held true of it."""
