import ipaddress

import pytest

from gatte.infra.public_address import AddressRefused, is_public, resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_an_address_inside_is_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0x7f.1", "2130706433"])
def test_a_host_inside_is_refused_however_it_is_written(host):
    with pytest.raises(AddressRefused):
        resolve(host, 443)

    assert resolve(host, 443, private_allowed=True) in {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["a..b", ".com", f"{'a' * 64}.example"])
def test_what_can_be_no_name_of_a_host_is_refused(host):
    with pytest.raises(AddressRefused):
        resolve(host, 443)
