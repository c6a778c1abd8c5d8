"""A classifier as files that score outside of Crossguard."""
