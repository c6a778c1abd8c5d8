"""What follows from labels: block, warn or allow. Pure."""

from collections.abc import Iterable, Mapping

BLOCK, WARN, ALLOW = "block", "warn", "allow"


def action_of(labels: Iterable[str], actions: Mapping[str, str]) -> str:
    """What to do with a page of these labels: the strictest that they ask for; of one that is not named, a warning.

    >>> action_of(["games", "self-harm"], {"games": "allow", "self-harm": "block"}), action_of([], {})
    ('block', 'allow')
    """
    asked = {actions.get(label, WARN) for label in labels}
    return next((action for action in (BLOCK, WARN) if action in asked), ALLOW)
