# SPDX-License-Identifier: Apache-2.0
"""The memory of a proxy that nobody talks to, and of one with thousands of clients that keep their connections."""

import socket
import time
from contextlib import ExitStack

from harness.http_proxies import AmbassadorHTTP, HAProxy, NginxSplit, proxies
from harness.processes import MeasurementFailed
from scenarios.http_load import HEADERS, PATH

SETTLE_SECONDS = 2
KIBIBYTE = 1 << 10


def idle(bench, report):
    """Each client asks once, as clients do, and then stays connected."""
    with proxies(bench, (NginxSplit, HAProxy, AmbassadorHTTP)) as started:
        found = {name: measure(bench, proxy) for name, proxy in started.items()}
    count = f"{bench.idle_clients:,} idle keep-alive connections"
    for name, (_, _, each) in found.items():
        bench.say(f"{count} of {name}: {each / KIBIBYTE:.2f} KiB each")
    rss, rss_anon, each = found["outrigger"]
    report.base_memory(rss, rss_anon)
    report.at_most(f"{count}: private memory of each", each / KIBIBYTE, 6, " KiB")


def measure(bench, proxy):
    """RSS and RssAnon at rest, and what each idle client adds to the latter."""
    time.sleep(SETTLE_SECONDS)
    rss, rss_anon = proxy.memory_bytes()
    with ExitStack() as stack:
        for _ in range(bench.idle_clients):
            ask(stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=10)), request_of(proxy))
        time.sleep(SETTLE_SECONDS)
        _, with_clients = proxy.memory_bytes()
    return rss, rss_anon, (with_clients - rss_anon) / bench.idle_clients


def request_of(proxy):
    """The same head as in the other scenarios."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\n{fields}\r\n".encode()


def ask(connection, request):
    """The answer to one request, whose body is shorter than a read."""
    connection.sendall(request)
    return answer(connection)


def answer(connection):
    """The next answer's body; the backends' are 100 bytes."""
    received = b""
    while True:
        head, blank, body = received.partition(b"\r\n\r\n")
        if blank and len(body) >= 100:
            break
        part = connection.recv(4096)
        if not part:
            raise MeasurementFailed(f"the connection was closed after {received[:100]!r}")
        received += part
    if not head.startswith(b"HTTP/1.1 200 ") or len(body) != 100:
        raise MeasurementFailed(f"the answer was {received[:300]!r}")
    return body
