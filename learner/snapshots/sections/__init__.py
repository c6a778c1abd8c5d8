"""What people write on the data card of a project, section by section."""
