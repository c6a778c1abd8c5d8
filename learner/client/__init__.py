"""The `crossguard` command and what it stands on: no Django, no database, only files. Runs wherever Python does."""
