"""Addresses of pages: the one spelling that is an item's identity, and the parts that people look at.

The parser is the browsers' own (WHATWG, through can_ada), so that what two people paste in different ways is one
item exactly when a browser would open the same page. What we do on top is listed in `canonical`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote

import can_ada
from publicsuffixlist import PublicSuffixList

from annotator.pool.reasons import Reason

URL_CHARS_MAX = 8192
HOST_CHARS_MAX = 253  # of a DNS name in text form
WITHHELD = "withheld:"  # what stands in the place of an address that is sealed in a case, before a hash
# Parameters that say where a visitor came from and never which page this is.
TRACKING = frozenset(
    [
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "_openstat",
        "dclid",
        "fbclid",
        "gad_source",
        "gbraid",
        "gclid",
        "gclsrc",
        "igshid",
        "li_fat_id",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "msclkid",
        "oly_anon_id",
        "oly_enc_id",
        "rb_clickid",
        "s_cid",
        "srsltid",
        "ttclid",
        "twclid",
        "vero_conv",
        "vero_id",
        "wbraid",
        "wickedid",
        "yclid",
        "ysclid",
    ]
)
_TRACKING_PREFIX = "utm_"
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_HOST_AND_PORT = re.compile(r"[^/?#@:\s]*\.[^/?#@:\s]*:\d+(?:[/?#]|$)|localhost:\d+")
_WEB = ("https://", "http://")
_CACHED_HOSTS = 200_000
_CACHED_NAMES = 10_000


class AddressRefused(ValueError):
    """An address that cannot become an item: `reason` is a short stable word, the text a sentence."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Address(NamedTuple):
    """A canonical address with the names that it belongs to; all ASCII."""

    url: str
    host: str
    registrable_domain: str


@dataclass(frozen=True)
class Parameter:
    """One part of a query, decoded for reading."""

    name: str
    value: str


@dataclass(frozen=True)
class UrlParts:
    """A canonical address taken apart: `before` + `domain` + `after` is the whole of it."""

    before: str
    domain: str
    after: str
    scheme: str
    subdomain: str
    port: str
    path: tuple[str, ...]
    query: tuple[Parameter, ...]
    defanged: str

    @property
    def inert_before(self) -> str:
        """What stands before the domain, with a scheme that no program takes for a link."""
        return self.before.replace("http", "hxxp", 1)


def canonical(raw: str) -> Address:
    """The address that `raw` means, spelled the one way that makes it an identity.

    Scheme and host in lower case and punycode, default port, dot segments and fragment dropped (all as browsers
    do); sign-in names, tracking parameters, an empty query and the host's trailing dot dropped (ours). The order
    of parameters, the scheme and a trailing slash stay: each may change the page. Without a scheme: https.

    Raises
    ------
    AddressRefused
        With reason no_url, url_too_long, not_http, unparseable or no_domain.
    """
    text = raw.strip()
    if not text:
        raise AddressRefused(Reason.NO_URL, "The row has no address.")
    if len(text) > URL_CHARS_MAX:
        raise AddressRefused(
            Reason.URL_TOO_LONG, f"The address has {len(text):,} characters; {URL_CHARS_MAX:,} is the most."
        )
    try:
        parsed = can_ada.parse(text if text.startswith(_WEB) else _with_scheme(text))
    except ValueError:
        raise AddressRefused(
            Reason.UNPARSEABLE, "This is not an address that a browser could open."
        ) from None
    if not parsed.href.startswith(_WEB):
        sentence = f'Only http and https pages are taken, not "{parsed.protocol}".'
        raise AddressRefused(Reason.NOT_HTTP, sentence)
    return _tidied(parsed)


def _with_scheme(text: str) -> str:
    if text.startswith("//"):
        return f"https:{text}"
    if _SCHEME.match(text) and not _HOST_AND_PORT.match(text):
        return text
    if "@" in re.split(r"[/?#]", text, maxsplit=1)[0]:
        raise AddressRefused(Reason.UNPARSEABLE, "This looks like an e-mail address.")
    return f"https://{text}"


def _tidied(parsed: can_ada.URL) -> Address:
    if parsed.has_credentials():
        parsed.username = parsed.password = ""
    host = parsed.hostname
    if host.endswith("."):
        parsed.hostname = host = host.rstrip(".")
    if len(host) > HOST_CHARS_MAX:
        raise AddressRefused(
            Reason.URL_TOO_LONG, f"The host has {len(host)} characters; {HOST_CHARS_MAX} is the most."
        )
    if parsed.has_hash():
        parsed.hash = ""
    url: str = parsed.href
    if "?" in url:
        url = _without_tracking(url)
    return Address(url, host, registrable_domain(host))


def _without_tracking(url: str) -> str:
    base, _, query = url.partition("?")
    for part in query.split("&"):
        if not part or _is_tracking(part.partition("=")[0]):
            break
    else:
        return url
    kept = [part for part in query.split("&") if part and not _is_tracking(part.partition("=")[0])]
    return f"{base}?{'&'.join(kept)}" if kept else base


@lru_cache(maxsize=_CACHED_NAMES)
def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in TRACKING or name.startswith(_TRACKING_PREFIX)


@lru_cache(maxsize=_CACHED_HOSTS)
def registrable_domain(host: str) -> str:
    """The site that `host` belongs to by the bundled public suffix list; an IP address is its own site.

    A host that is itself a public suffix (`github.io`) is its own site too. Raises AddressRefused (no_domain) for
    a name without a dot, which is no page on the web.
    """
    if is_ip(host):
        return host
    if "." not in host.strip("."):
        raise AddressRefused(
            Reason.NO_DOMAIN, f'"{host}" is not a name on the web: it has no domain, such as .org.'
        )
    site: str | None = _suffixes().privatesuffix(host)
    return site or host


def is_ip(host: str) -> bool:
    """Whether a canonical host is an IPv4 address or a bracketed IPv6 address."""
    if host.startswith("["):
        return True
    if not host[-1:].isdigit():
        return False  # the URL standard: a host whose last label is a number is IPv4 or an error
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def parts_of(address: Address) -> UrlParts:
    """The address taken apart for people: the domain stands out, nothing in it is live when `defanged`.

    Of a withheld item, whose address is sealed: its hash in the place of the domain.
    """
    if address.url.startswith(WITHHELD):
        return UrlParts(WITHHELD, address.host, "", "", "", "", (), (), defanged=address.url)
    scheme, _, rest = address.url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    subdomain = address.host.removesuffix(address.registrable_domain)
    after = rest[len(subdomain) + len(address.registrable_domain) :]
    path, _, query = rest[len(authority) :].partition("?")
    return UrlParts(
        before=f"{scheme}://{subdomain}",
        domain=address.registrable_domain,
        after=after,
        scheme=scheme,
        subdomain=subdomain.rstrip("."),
        port=authority[len(address.host) :].lstrip(":"),
        path=tuple(unquote(part) for part in path.split("/") if part),
        query=tuple(_parameter(part) for part in query.split("&") if part),
        defanged=_defanged(scheme, rest, authority),
    )


def _parameter(part: str) -> Parameter:
    name, _, value = part.replace("+", " ").partition("=")
    return Parameter(name=unquote(name), value=unquote(value))


def _defanged(scheme: str, rest: str, authority: str) -> str:
    inert = authority.replace(".", "[.]").replace(":", "[:]")
    return f"{scheme.replace('tt', 'xx')}://{inert}{rest[len(authority) :]}"


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
