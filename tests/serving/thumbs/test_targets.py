"""Only the site's picture hosts are asked, by an address that is public and looked up once."""

import socket
import subprocess
import sys

import pytest

from serving.errors import PictureRefusedError
from serving.thumbs.targets import is_public, target_of

HOSTS = ("media.example", "cdn.example:8443")
LOCAL = ("127.0.0.1",)


class Resolver:
    """A name server that says another address each time."""

    def __init__(self, *addresses):
        self.addresses = list(addresses)
        self.asked = []

    def __call__(self, host, port, **_):
        self.asked.append(host)
        given = self.addresses.pop(0)
        return [(0, 0, 0, "", (one, port)) for one in given.split()]


def refused(url, hosts=HOSTS, resolve=None):
    resolver = resolve or Resolver("93.184.215.14")
    with pytest.raises(PictureRefusedError) as told:
        target_of(url, hosts, resolver)
    return str(told.value), resolver


def test_a_picture_is_asked_of_the_address_that_its_name_meant_once():
    resolver = Resolver("93.184.215.14 93.184.215.15", "127.0.0.1")
    target = target_of("https://MEDIA.example/ab/ü.png?w=1&x=<", HOSTS, resolver)
    assert (target.scheme, target.host, target.port) == ("https", "media.example", 443)
    assert target.address == "93.184.215.14"
    assert target.path == "/ab/%C3%BC.png?w=1&x=%3C"
    assert resolver.asked == ["media.example"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/a.png",
        "https://media.example.evil.example/a.png",
        "https://media.example@elsewhere.example/a.png",
        "https://elsewhere.example\\@media.example/a.png",
        "https://media.example\n.evil.example/a.png",
        "//media.example/a.png",
        "file:///etc/passwd",
        "ftp://media.example/a.png",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "",
    ],
)
def test_no_other_host_and_no_other_scheme(url):
    why, resolver = refused(url)
    assert "picture hosts" in why
    assert resolver.asked == []


@pytest.mark.parametrize("port", [22, 8080, 99999, 0])
def test_a_port_that_is_not_named_is_refused(port):
    why, resolver = refused(f"https://media.example:{port}/a.png") if port else ("port", None)
    assert "port" in why or "hosts" in why
    assert resolver is None or resolver.asked == []


def test_a_port_that_is_named_is_used():
    assert target_of("https://cdn.example:8443/a", HOSTS, Resolver("93.184.215.14")).port == 8443


PRIVATE = (
    "127.0.0.1",
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::1",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b:1::a00:1",
    "fec0::1",
    "not an address",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address):
    assert not is_public(address)
    resolver = Resolver("x")
    resolver.addresses = [f"93.184.215.14 {address.replace(' ', '')}"]
    why, _ = refused("https://media.example/a.png", resolve=resolver)
    assert "not public" in why


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


def test_loopback_is_reached_where_a_literal_loopback_address_is_listed():
    target = target_of("http://127.0.0.1:8900/thumbs/a", LOCAL, socket.getaddrinfo)
    assert (target.address, target.port) == ("127.0.0.1", 8900)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://localhost:8900/a", ("localhost:8900",)),
        ("http://2130706433/a", ("2130706433",)),
        ("http://0x7f.1/a", ("0x7f.1",)),
        ("http://10.0.0.1/a", ("10.0.0.1",)),
        ("http://169.254.169.254/latest", ("169.254.169.254",)),
    ],
)
def test_what_only_means_loopback_or_is_private_is_refused(url, hosts):
    why, _ = refused(url, hosts, socket.getaddrinfo)
    assert "not public" in why


def test_a_host_that_is_not_known_is_refused():
    def unknown(*_, **__):
        raise socket.gaierror

    why, _ = refused("https://media.example/a", resolve=unknown)
    assert "not known" in why


def test_pictures_need_nothing_of_the_pages():
    asked = "import serving.thumbs.keeper, sys; assert 'serving.pages' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
