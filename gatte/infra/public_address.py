"""Where a host may be reached that somebody else named: never inside our own network.

Whoever may enter a URL could otherwise have us call the database's host or a cloud's metadata
service (OWASP: server-side request forgery). The address that was checked is the one to connect to:
a name that is resolved again may lead elsewhere.
"""

import ipaddress
import socket

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(Exception):
    """A host has no address, or one that is not public."""


def resolve(host: str, port: int, *, private_allowed: bool = False) -> str:
    """An address of a host; AddressRefused when it has none, or any that is not public while
    private ones are not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a name with an empty or an overlong part is no name
        raise AddressRefused("the host has no address") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses:
        raise AddressRefused("the host has no address")
    if not private_allowed and not all(is_public(address) for address in addresses):
        raise AddressRefused("the host has an address that is not public")
    return str(addresses[0])


def is_public(address: IpAddress) -> bool:
    """Whether an address is one of the public Internet; IPv6 forms of IPv4 count as what they
    stand for.
    """
    embedded = _embedded(address)
    if embedded is not None:
        return is_public(embedded)
    return address.is_global and not address.is_multicast


def _embedded(address: IpAddress) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    nat64 = ipaddress.ip_network("64:ff9b::/96")
    if address in nat64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
