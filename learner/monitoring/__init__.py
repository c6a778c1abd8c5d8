"""Answering production with the version that serves."""
