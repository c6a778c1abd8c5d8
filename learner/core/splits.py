"""Which sites are held out, for ever, by a hash of their registrable domain."""

from hashlib import blake2b

_ALL = 100.0
_STEPS = 1_000_000


def is_holdout(registrable_domain: str, salt: str, percent: float) -> bool:
    """Whether a site is held out: the same answer on every machine, whatever else is in the project.

    A site is on one side as a whole, so no page of a site that trained is used to judge the classifier.
    Raising `percent` only moves sites from train to holdout, never back.

    Parameters
    ----------
    registrable_domain : str
        Lower-case registrable domain, or the host where there is none (an IP address).
    salt : str
        Fixed per project, so that two projects hold out different sites. At most 64 bytes in UTF-8.
    percent : float
        Share of sites to hold out, 0 to 100.

    Raises
    ------
    ValueError
        If `percent` is outside 0..100 or `salt` is too long.

    Examples
    --------
    >>> is_holdout("example.com", "demo", 0), is_holdout("example.com", "demo", 100)
    (False, True)
    """
    if not 0 <= percent <= _ALL:
        raise ValueError(f"percent is {percent}; give a share of sites between 0 and 100")
    digest = blake2b(registrable_domain.encode(), digest_size=8, key=salt.encode()).digest()
    return int.from_bytes(digest, "big") % _STEPS < percent * _STEPS / _ALL
