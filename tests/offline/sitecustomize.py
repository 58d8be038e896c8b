"""Cut off the network. Python runs this file when it starts if the folder is on PYTHONPATH.

The conftest.py at the root puts the folder there. So every kernel that a test starts, and every
process that the kernel starts, can reach only this machine. An audit hook refuses to connect to any
other address, to send to it or to look it up; nothing can remove an audit hook.

The hook sees Python's socket module, but not the sockets that a C library opens by itself. One such
library is ZeroMQ, through which Jupyter talks to its kernels.
"""

import ipaddress
import socket
import sys


def is_here(host):
    """Return whether a host, as passed to the socket module, is this machine."""
    host = host.decode() if isinstance(host, bytes) else host
    try:
        return host in (None, "", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # the host is a name
        return False


def refuse(event, arguments):
    """Raise RuntimeError for a remote host; an OSError would look like a broken network."""
    if not event.startswith("socket."):  # this is true of most events
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
