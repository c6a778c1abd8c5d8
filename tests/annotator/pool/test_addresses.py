"""The one spelling of an address, and its parts."""

import pytest

from annotator.pool.addresses import AddressRefused, canonical, parts_of
from annotator.pool.reasons import Reason

CANONICAL = [
    # what comes in, what identifies the page, its site
    ("https://example.com/a", "https://example.com/a", "example.com"),
    ("  https://example.com/a\n", "https://example.com/a", "example.com"),
    ("HTTPS://WWW.Example.COM/Path", "https://www.example.com/Path", "example.com"),
    ("http://example.com", "http://example.com/", "example.com"),
    ("http://example.com:80/", "http://example.com/", "example.com"),
    ("https://example.com:443/", "https://example.com/", "example.com"),
    ("https://example.com:8443/", "https://example.com:8443/", "example.com"),
    ("https://example.com./a", "https://example.com/a", "example.com"),
    ("https://example.com/a#part", "https://example.com/a", "example.com"),
    ("https://example.com/a/./b/../c", "https://example.com/a/c", "example.com"),
    ("https://example.com/a b", "https://example.com/a%20b", "example.com"),
    ("https:\\\\example.com\\a", "https://example.com/a", "example.com"),
    ("https://user:secret@example.com/", "https://example.com/", "example.com"),
    ("https://example.com/?", "https://example.com/", "example.com"),
    # tracking parameters go, whatever their case; others stay in their order
    ("https://example.com/?utm_source=x", "https://example.com/", "example.com"),
    ("https://example.com/?b=2&UTM_Medium=x&a=1", "https://example.com/?b=2&a=1", "example.com"),
    ("https://example.com/?id=7&fbclid=x&gclid=y", "https://example.com/?id=7", "example.com"),
    ("https://example.com/?utm=kept&ref=kept", "https://example.com/?utm=kept&ref=kept", "example.com"),
    ("https://example.com/?a=1&&b=", "https://example.com/?a=1&b=", "example.com"),
    ("https://example.com/?q=a?b", "https://example.com/?q=a?b", "example.com"),
    # names in other scripts
    ("https://faß.de/", "https://xn--fa-hia.de/", "xn--fa-hia.de"),
    ("http://пример.рф/п", "http://xn--e1afmkfd.xn--p1ai/%D0%BF", "xn--e1afmkfd.xn--p1ai"),
    # without a scheme
    ("example.com/a", "https://example.com/a", "example.com"),
    ("//example.com/a", "https://example.com/a", "example.com"),
    ("example.com:8080/a", "https://example.com:8080/a", "example.com"),
    ("www.example.co.uk?a=b", "https://www.example.co.uk/?a=b", "example.co.uk"),
    ("example.com/user@home", "https://example.com/user@home", "example.com"),
    # sites
    ("https://a.b.example.co.uk/", "https://a.b.example.co.uk/", "example.co.uk"),
    ("https://me.github.io/", "https://me.github.io/", "me.github.io"),
    ("https://github.io/", "https://github.io/", "github.io"),
    ("https://page.invalid/", "https://page.invalid/", "page.invalid"),
    # IP addresses are their own site, in whatever spelling
    ("http://192.168.1.1/a", "http://192.168.1.1/a", "192.168.1.1"),
    ("http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1"),
    ("http://2130706433/", "http://127.0.0.1/", "127.0.0.1"),
    ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/", "[2001:db8::1]"),
    ("8.8.8.8", "https://8.8.8.8/", "8.8.8.8"),
]
REFUSED = [
    ("", Reason.NO_URL),
    ("   ", Reason.NO_URL),
    ("https://example.com/" + "a" * 9000, Reason.URL_TOO_LONG),
    ("https://" + "a." * 150 + "com/", Reason.URL_TOO_LONG),
    ("ftp://example.com/a", Reason.NOT_HTTP),
    ("javascript:alert(1)", Reason.NOT_HTTP),
    ("mailto:somebody@example.com", Reason.NOT_HTTP),
    ("data:text/html,hello", Reason.NOT_HTTP),
    ("file:///etc/passwd", Reason.NOT_HTTP),
    ("https://", Reason.UNPARSEABLE),
    ("https://exa mple.com/", Reason.UNPARSEABLE),
    ("https://example.com:99999/", Reason.UNPARSEABLE),
    ("https://256.1.1.1/", Reason.UNPARSEABLE),
    ("https://[::1/", Reason.UNPARSEABLE),
    ("https://xn--zzzz/", Reason.UNPARSEABLE),
    ("somebody@example.com", Reason.UNPARSEABLE),
    ("not an address", Reason.UNPARSEABLE),
    ("n/a", Reason.NO_DOMAIN),
    ("http://localhost:8000/", Reason.NO_DOMAIN),
    ("http://intranet/", Reason.NO_DOMAIN),
]


@pytest.mark.parametrize(("raw", "url", "site"), CANONICAL, ids=[raw for raw, _, _ in CANONICAL])
def test_an_address_has_one_spelling_and_one_site(raw: str, url: str, site: str) -> None:
    address = canonical(raw)

    assert (address.url, address.registrable_domain) == (url, site)


@pytest.mark.parametrize(("raw", "url", "_site"), CANONICAL, ids=[raw for raw, _, _ in CANONICAL])
def test_the_spelling_is_its_own_spelling(raw: str, url: str, _site: str) -> None:
    assert canonical(url) == canonical(raw)


@pytest.mark.parametrize(("raw", "reason"), REFUSED, ids=[raw[:30] for raw, _ in REFUSED])
def test_an_address_is_refused_with_its_reason_when_no_page_can_be_there(raw: str, reason: Reason) -> None:
    with pytest.raises(AddressRefused) as refused:
        canonical(raw)

    assert refused.value.reason == reason
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("raw", [raw for raw, _, _ in CANONICAL])
def test_the_parts_make_up_the_whole(raw: str) -> None:
    address = canonical(raw)
    parts = parts_of(address)

    assert parts.before + parts.domain + parts.after == address.url
    assert "http" not in parts.defanged


def test_an_address_is_taken_apart_for_reading() -> None:
    parts = parts_of(canonical("https://m.play.example.co.uk:8443/free%20games/x?level=3&name=a+b"))

    assert (parts.before, parts.domain) == ("https://m.play.", "example.co.uk")
    assert (parts.scheme, parts.subdomain, parts.port) == ("https", "m.play", "8443")
    assert parts.path == ("free games", "x")
    assert [(part.name, part.value) for part in parts.query] == [("level", "3"), ("name", "a b")]
    assert parts.defanged == "hxxps://m[.]play[.]example[.]co[.]uk[:]8443/free%20games/x?level=3&name=a+b"
