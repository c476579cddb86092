"""Clients, as limits tell them apart: by address."""

from ipaddress import IPv4Address, IPv6Network, ip_address

from flask import request

NO_ADDRESS = "unknown"


def client_network() -> str:
    """Return the client's IPv4 address or IPv6 /64, or one key for all that have no address.

    A provider assigns a whole /64, or more, to each customer, who can pick any address in it.
    """
    text = (request.remote_addr or "").strip()
    # Some proxies add the port.
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return NO_ADDRESS
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
