# SPDX-License-Identifier: Apache-2.0
"""What TLS 1.3 costs in front of a plain nginx that answers 100 bytes: the handshake, and a request after it."""

from contextlib import contextmanager

from harness.handshakes import Handshakes
from harness.load import Load, alternate
from harness.processes import Nginx
from harness.tls_proxies import Certificate, NginxTLS, OutriggerTLS

CONNECTIONS = 64
BAR = 1.2


@contextmanager
def proxies(bench):
    certificate = Certificate(bench.folder)
    with Nginx(bench.folder) as backend, NginxTLS(bench, backend, certificate) as nginx, \
            OutriggerTLS(bench, backend, certificate) as outrigger:
        yield {"nginx": nginx, "outrigger": outrigger}


def handshakes(bench, report):
    """Full handshakes: 500 new connections a second, one request on each."""
    load = Handshakes(bench.seconds)
    with proxies(bench) as servers:
        medians = measure(bench, load, servers)
    report_beside(report, "full handshakes, mean and longest time to connect", "full handshake: CPU", medians)


def requests(bench, report):
    """Requests on 64 connections that stay open, as fast as they go."""
    load = Load("get.lua", CONNECTIONS, bench.seconds)
    with proxies(bench) as servers:
        medians = measure(bench, load, servers)
    report_beside(report, f"100 bytes, {CONNECTIONS} connections", "100-byte request: CPU", medians)


def measure(bench, load, servers):
    return alternate(bench.rounds, {
        name: lambda server=server: load.measure(server, server.url()) for name, server in servers.items()
    })


def report_beside(report, title, bar, medians):
    nginx = medians["nginx"]
    for name, sample in medians.items():
        report.figure(title, name, sample, nginx)
    ratio = medians["outrigger"].cpu_us_per_request / nginx.cpu_us_per_request
    report.at_most(bar, ratio, BAR, "× nginx")
