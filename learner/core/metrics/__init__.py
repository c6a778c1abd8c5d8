"""What an evaluation says beside precision and recall; all of it from the strata and the posterior of `audited`."""
