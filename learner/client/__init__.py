"""The `crossguard` command and a typed client of the API: no Django, no database. Runs wherever Python does.

>>> from learner.client import Crossguard
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from learner.client.connection import Patience
    from learner.client.crossguard import Crossguard
    from learner.client.pulling import pull

__all__ = ["Crossguard", "Patience", "pull"]


def __getattr__(name: str) -> Any:
    """The client, read when it is asked for: the server needs the manifest alone, and not httpx."""
    from importlib import import_module  # noqa: PLC0415 - not for the server

    homes = {"Crossguard": "crossguard", "Patience": "connection", "pull": "pulling"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{homes[name]}"), name)
