"""PURE: files of other annotation tools, read to one neutral form and written from it. Knows no Django and no row."""
