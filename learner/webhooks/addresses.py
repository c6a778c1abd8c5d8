"""Where a webhook may go: to addresses of the internet, and to the hosts that the operator allows by name.

Whoever may set an endpoint must not reach through our workers what only they can reach: databases, metadata of the
cloud, the printer in the office. So each delivery resolves the name, refuses what is not public, and connects to the
address that was checked. Decision 162.
"""

import re
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from annotator.errors import BadInput

Address = IPv4Address | IPv6Address

URL_MAX: Final = 500
PLAIN: Final = re.compile(r"[!-~]+")  # what a request line can carry
HOST: Final = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.?"
)
# Public by their number, and yet of the cloud that we may run in: 168.63.129.16 is Azure's host.
# The others are not of the internet (IANA's registries of special addresses), which Python learned only in 3.13.
NEVER: Final = tuple(map(ip_network, ("168.63.129.16/32", "192.0.0.0/24", "64:ff9b:1::/48")))
TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))  # an IPv4 address in the last 32 bits


class AddressRefused(Exception):
    """The endpoint leads to where a webhook may not go; the message is a sentence for an admin."""


def url_checked(url: str) -> SplitResult:
    """The parts of an endpoint's address; raises BadInput for one that is refused whatever it resolves to."""
    if not PLAIN.fullmatch(url) or len(url) > URL_MAX:
        raise BadInput(f"An address has at most {URL_MAX} characters, all of them ASCII, and no spaces.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput(f"This is no address: {error}.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_HTTP):
        raise BadInput("The address has to begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise BadInput("The address must not hold a name or password: deliveries are signed.")
    if parts.fragment or port == 0:
        raise BadInput("The address must not have a fragment (#...) or the port 0.")
    literal = _literal(host)
    if literal is None and not HOST.fullmatch(host):
        raise BadInput(f'"{host}" is no name of a host.')
    if literal is not None and host not in settings.WEBHOOK_HOSTS and not is_public(literal):
        raise BadInput(f"{host} is not an address of the internet.")
    return parts


def addresses_checked(host: str, port: int) -> list[Address]:
    """The addresses of a host, each of them allowed; raises AddressRefused when one is not, OSError without any."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if host.lower() not in settings.WEBHOOK_HOSTS:
        for address in addresses:
            if not is_public(address):
                raise AddressRefused(f"{host} is {address}, which is not an address of the internet.")
    return list(dict.fromkeys(addresses))


def is_public(address: Address) -> bool:
    """Whether this is an address of the internet, and so is each IPv4 address that is written inside it.

    >>> [is_public(ip_address(text)) for text in ("8.8.8.8", "::ffff:10.0.0.1", "169.254.169.254", "2002:7f00:1::")]
    [True, False, False, False]
    """
    site_local = isinstance(address, IPv6Address) and address.is_site_local
    never = address.is_multicast or site_local or any(address in network for network in NEVER)
    return address.is_global and not never and all(is_public(inner) for inner in _inner(address))


def _inner(address: Address) -> Iterator[IPv4Address]:
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if any(address in network for network in TRANSLATED):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
