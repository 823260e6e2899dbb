# SPDX-License-Identifier: Apache-2.0
"""Invocation of a trivial app through two sidecars, beside two hops of nginx before the same app."""

import socket
import statistics
import time

from harness.load import Load, alternate
from harness.processes import MeasurementFailed, Nginx
from harness.relay import METHOD, Together, proxies, sidecars

CONNECTIONS = 64
RATE = 1000


def invoke(bench, report):
    """64 connections → two hops → an app that answers 100 bytes: CPU of both hops together."""
    load = Load("get.lua", CONNECTIONS, bench.seconds)
    with Nginx(bench.folder / "app") as app, sidecars(bench, "invoke", app.port) as (caller, callee), \
            proxies(bench, "invoke", app.port) as (first, second):
        ours, theirs = Together(caller, callee), Together(first, second)
        medians = alternate(bench.rounds, {
            "proxies": lambda: load.measure(theirs, first.url()),
            "sidecars": lambda: load.measure(ours, caller.url(METHOD)),
        })
    proxied, invoked = medians["proxies"], medians["sidecars"]
    report.figure("call, 64 connections", "two nginx", proxied)
    report.figure("call, 64 connections", "two sidecars", invoked, proxied)
    ratio = invoked.cpu_us_per_request / proxied.cpu_us_per_request
    report.at_most("invocation: CPU per request of both sidecars beside two nginx", ratio, 3, "×")


def latency(bench, report):
    """1,000 requests in each second, straight to the app and through two sidecars: what the sidecars add."""
    with Nginx(bench.folder / "app") as app, sidecars(bench, "latency", app.port) as (caller, _), \
            proxies(bench, "latency", app.port) as (first, _):
        targets = {"direct": (app, "/"), "two nginx": (first, "/"), "two sidecars": (caller, METHOD + "key")}
        taken = {name: [] for name in targets}
        for turn in range(bench.rounds + 1):
            for name, (server, path) in targets.items():
                sample = percentiles(constant_rate(server.port, path, RATE, bench.seconds))
                if turn > 0:
                    taken[name].append(sample)
    medians = {name: [statistics.median(column) for column in zip(*samples)] for name, samples in taken.items()}
    for name, (p50, p99) in medians.items():
        bench.say(f"{RATE}/s, {name}: p50 {p50 * 1000:.3f} ms, p99 {p99 * 1000:.3f} ms")
    for index, (name, limit) in enumerate((("p50", 0.5), ("p99", None))):
        added = (medians["two sidecars"][index] - medians["direct"][index]) * 1000
        beside = (medians["two nginx"][index] - medians["direct"][index]) * 1000
        what = f"invocation: {name} that two sidecars add at {RATE:,} requests/s"
        measured = f"{added:.3f} ms (two nginx add {beside:.3f} ms)"
        report.add(what, measured, f"< {limit} ms" if limit else "none", added < limit if limit else True)


def constant_rate(port, path, rate, seconds):
    """Sends a request each 1/rate seconds, over one connection after the other of a few; the seconds that each took."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    taken, begun = [], time.perf_counter()
    try:
        for number in range(int(rate * seconds)):
            wait = begun + number / rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            connection = connections[number % len(connections)]
            start = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(4096)
            taken.append(time.perf_counter() - start)
            # The answers are small and come in one piece.
            if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b'v"'):
                raise MeasurementFailed(f"the answer was {answer[:200]!r}")
        if time.perf_counter() - begun > seconds * 1.05:
            raise MeasurementFailed(f"{rate} requests/s couldn't be kept up on port {port}")
    finally:
        for connection in connections:
            connection.close()
    return taken


def percentiles(taken):
    taken = sorted(taken)
    return taken[len(taken) // 2], taken[len(taken) * 99 // 100]
