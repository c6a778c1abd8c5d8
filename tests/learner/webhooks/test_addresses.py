"""Where a webhook may go: nowhere that only our workers can reach."""

from ipaddress import ip_address

import pytest
from pytest_django import Settings

from annotator.errors import BadInput
from learner.webhooks.addresses import AddressRefused, addresses_checked, is_public, url_checked

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.100.100.200",
    "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:db8::1", "::10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_is_refused_when_it_is_not_of_the_internet(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::8.8.8.8"])
def test_an_address_of_the_internet_is_allowed(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example/", "ftp://receiver.example/", "//receiver.example/", "https://", "receiver.example",
        "https:///path", "https://user:pass@receiver.example/", "https://user@receiver.example/",
        "https://receiver.example/#there", "https://receiver.example:0/", "https://receiver.example:99999/",
        "https://receiver.example:port/", "https://re ceiver.example/", "https://receiver.example/\r\nX: y",
        "https://receiver.example/\x00", "https://receivér.example/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
        "https://127.0.0.1/", "https://10.0.0.1:8443/", "https://169.254.169.254/latest/", "https://[fe80::1%25eth0]/",
        "https://-receiver.example/", "https://receiver..example/", "https://receiver.example/" + "x" * 500,
        "https://[", "javascript:alert(1)", "file:///etc/passwd", "https://a@127.0.0.1@receiver.example/",
        "https://receiver.example\\@127.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_that_can_never_be_right_is_refused_at_once(url: str) -> None:
    with pytest.raises(BadInput):
        url_checked(url)


@pytest.mark.parametrize(
    "url", ["https://receiver.example/a?b=c", "https://8.8.8.8:8443", "https://xn--receivr-fya.example/"]
)
def test_an_address_of_the_internet_is_taken(url: str) -> None:
    assert url_checked(url).geturl() == url


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "0x7f.1", "2130706433", "0177.0.0.1", "::1", "LOCALHOST"]
)
def test_each_spelling_of_this_machine_is_refused_when_its_name_is_resolved(host: str) -> None:
    with pytest.raises(AddressRefused, match="not an address of the internet"):
        addresses_checked(host, 443)


def test_a_host_that_the_operator_names_is_allowed_and_no_other(settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = frozenset({"localhost", "10.0.0.7"})

    assert {str(address) for address in addresses_checked("localhost", 443)} & {"127.0.0.1", "::1"}
    assert url_checked("https://10.0.0.7/").hostname == "10.0.0.7"
    with pytest.raises(AddressRefused):
        addresses_checked("127.0.0.1", 443)
    with pytest.raises(BadInput, match="https"):
        url_checked("http://localhost/")


def test_http_is_taken_only_when_the_operator_says_so(settings: Settings) -> None:
    settings.WEBHOOK_HTTP = True

    assert url_checked("http://receiver.example/").scheme == "http"
