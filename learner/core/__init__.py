"""The learning itself, PURE: no row, no clock, no global randomness; `now` and `rng` come in as arguments."""
