"""The name of the recipe by which this code makes features: shards and artifacts carry it. Imports nothing heavy."""

from typing import Final

RECIPE: Final = "url-text-2"
