"""Names in what an evaluation keeps. Imports nothing: pages read by them."""

from typing import Final

NONE: Final = "none"
"""The row and the column of pages that are of no category."""
