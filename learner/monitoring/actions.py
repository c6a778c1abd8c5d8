"""What follows from labels: block, warn or allow. Pure."""

from collections.abc import Collection

BLOCK, WARN, ALLOW = "block", "warn", "allow"


def action_of(labels: Collection[str], blocked: Collection[str]) -> str:
    """What to do with a page of these labels, where no profile says: block, warn or allow.

    >>> action_of(["games"], {"self-harm"}), action_of([], set())
    ('warn', 'allow')
    """
    if any(label in blocked for label in labels):
        return BLOCK
    return WARN if labels else ALLOW
