"""No network for this Python. It reads this file at its start if the folder is on PYTHONPATH.

The conftest.py at the root puts it there, so that every kernel that a test starts, and whatever
the kernel starts, reaches this machine alone: connecting to any other address, sending to it and
looking it up are refused. They are events of Python's audit, which nothing can switch off again.

It sees what goes through Python's socket module, and not the sockets that a C library opens by
itself. One library here does, ZeroMQ, and Jupyter talks to its kernels through that.
"""

import ipaddress
import socket
import sys


def is_here(host):
    """Whether a host, as the socket module takes it, is this machine."""
    host = host.decode() if isinstance(host, bytes) else host
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return False


def refuse(event, arguments):
    """Raise for a host elsewhere: not an OSError, which could pass for a broken network."""
    if not event.startswith("socket."):  # most events by far
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
