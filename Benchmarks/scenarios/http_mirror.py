# SPDX-License-Identifier: Apache-2.0
"""What a mirror does to the real request: with a shadow that answers, one that is gone and one that never answers."""

import socket
from contextlib import ExitStack, contextmanager

from harness.http_proxies import AmbassadorHTTP, Backend, backends
from harness.open_load import OpenLoad
from harness.processes import free_port
from scenarios.http_load import CONNECTIONS, HEADERS, PATH, saturation

RATIO_MAX = 1.1
ADDED_US_MAX = 200


def mirror(bench, report):
    """The same rate without a mirror and with every request mirrored: a quarter of what can be done without."""
    with backends(bench) as versions, Backend(bench, "shadow") as shadow, silent_port() as silent, ExitStack() as stack:
        ports = {"shadow answers": shadow.port, "shadow is gone": free_port(), "shadow is silent": silent}
        proxies = {"mirror off": stack.enter_context(AmbassadorHTTP(bench, versions))}
        for name, port in ports.items():
            proxies[name] = stack.enter_context(mirroring(bench, versions, name, port))
        rate = int(saturation(bench, proxies["mirror off"]) / 4)
        load = OpenLoad(bench, rate, CONNECTIONS, PATH, HEADERS)
        medians = load.medians(bench.latency_rounds, proxies)
        mirrored = shadow.requests_taken() / (load.requests * (bench.latency_rounds + 1))
    off = medians["mirror off"]
    for name, sample in medians.items():
        report.figure("open loop, a quarter of saturation", name, sample, off)
    report.at_least("mirror: share of the requests that the shadow has had", mirrored, 0.95)
    for name in ports:
        p99 = medians[name].p99_us
        held = p99 <= off.p99_us * RATIO_MAX or p99 <= off.p99_us + ADDED_US_MAX
        report.add(f"mirror at {rate:,} requests/s, {name}: p99 of the real request",
                   f"{p99 / 1000:.2f} ms, {off.p99_us / 1000:.2f} ms without", "≤ 1.1× or 0.2 ms more", held)


def mirroring(bench, versions, name, port):
    return AmbassadorHTTP(bench, versions, name=name.replace(" ", "-"), route="mirror: {to: shadow, percent: 100}",
                          upstreams={"shadow": port})


@contextmanager
def silent_port():
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        yield listener.getsockname()[1]
