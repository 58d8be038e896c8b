"""Block access to the network. Python runs this file on startup if its folder is on PYTHONPATH.

The conftest.py at the root adds the folder to PYTHONPATH. So kernels started by tests, and their
child processes, can reach only this machine. An audit hook, which can't be removed, rejects every
attempt to look up, connect to or send data to another machine.

The hook monitors Python's socket module, but it doesn't detect sockets that are opened by a C
library. Jupyter communicates with its kernels through a C library, ZeroMQ.
"""

import ipaddress
import socket
import sys


def is_here(host):
    """Return whether a host passed to the socket module is this machine."""
    host = host.decode() if isinstance(host, bytes) else host
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # the host is a name and not an IP address
        return False


def refuse(event, arguments):
    """Raise RuntimeError for a remote host; an OSError would look like a broken network."""
    if not event.startswith("socket."):
        return
    match event.removeprefix("socket."), arguments:
        case "connect" | "sendto" | "sendmsg", [end, [host, *_]]:
            internet = end.family in (socket.AF_INET, socket.AF_INET6)
        case "getaddrinfo" | "gethostbyname" | "gethostbyaddr", [host, *_]:
            internet = True
        case _:
            return
    if internet and not is_here(host):
        raise RuntimeError(f"tests run without a network, but {host} was requested")


sys.addaudithook(refuse)
