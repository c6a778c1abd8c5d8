"""The release gate, promotions, and what of it people see and decide."""
