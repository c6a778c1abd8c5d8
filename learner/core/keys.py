"""Numbers that stand for texts, the same for ever. Imports nothing heavy: pages read by them."""

from hashlib import blake2b


def domain_key(registrable_domain: str) -> int:
    """A 64-bit key of a site, the same for ever. Two of a million sites collide with probability 3e-8."""
    return key_of(registrable_domain)


def key_of(text: str) -> int:
    """A signed 64-bit number from a hash of the text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
