"""Where a connection may go. The address that was looked at is the one connected to, so no second look-up can differ."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore2

LONGEST_CONNECT = 10.0
"""Seconds for each address of a host."""
METADATA = frozenset(map(ip_address, ("168.63.129.16", "100.100.100.200", "fd00:ec2::254")))
"""Of Azure, Alibaba and AWS; all others are link-local. They hand credentials to whoever asks."""
_NAT64 = ip_network("64:ff9b::/96")


class ForbiddenAddress(httpcore2.ConnectError):
    """The host is at an address where no request is sent to; the text says why."""


def why_not(address: str, *, private: bool) -> str:
    """Why no request may be sent there; empty when one may."""
    ip = _meant(ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip in METADATA:
        return "where clouds keep credentials"
    if ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback):
        return "which is no host's"
    if not private and not ip.is_global:
        return "which is a private address: say `private: true` of the server if that is meant"
    return ""


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]) or ip


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to hosts whose every address may be used; for one call."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._network = httpcore2.AnyIOBackend()
        self._opened: list[httpcore2.AsyncNetworkStream] = []

    async def aclose(self) -> None:
        """Close what was opened: the pool forgets a connection that is given up while TLS begins."""
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own protocol
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        failed: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                stream = await self._network.connect_tcp(
                    address, port, timeout or LONGEST_CONNECT, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
                continue
            self._opened.append(stream)
            return stream
        raise failed or httpcore2.ConnectError("it has no address")

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(f"its name is not known ({error.strerror})") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for address in addresses:
            if reason := why_not(address, private=self._private):
                raise ForbiddenAddress(f"it is at {address}, {reason}")
        return addresses
