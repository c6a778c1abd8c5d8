"""Runs Crossguard on one machine: embedded services, and the supervisor behind `manage.py up`."""
