"""Experiments: a share of the scoring traffic is answered by a candidate, and both are counted."""
