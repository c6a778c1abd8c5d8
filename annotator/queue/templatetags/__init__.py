"""Template filters of the queue."""
