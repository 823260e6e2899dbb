# SPDX-License-Identifier: Apache-2.0
"""Costs and latencies of small requests through one thread of each proxy, split 90/10 between the same two backends."""

from harness.http_proxies import AmbassadorHTTP, HAProxy, NginxSplit, proxies
from harness.load import Load, alternate
from harness.open_load import OpenLoad

CONNECTIONS = 64
PATH = "/checkout/cart?item=17"
# With the request line and Host about 150 bytes.
HEADERS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept": "text/html,application/json",
           "x-user": "user-4711"}


def cpu(bench, report):
    """64 connections that ask again as soon as they are answered."""
    with proxies(bench) as started:
        medians = measure(bench, closed_load(bench), started)
    for name, sample in medians.items():
        report.figure("closed loop, 64 connections", name, sample, medians["haproxy"])
        cores = sample.requests_per_second * sample.cpu_us_per_request / 1e6
        bench.say(f"closed loop, {name}: {cores:.2f} cores busy")
    for peer, name, limit in (("nginx", "nginx", 1.0), ("haproxy", "HAProxy", 1.1), ("envoy", "Envoy", 0.45)):
        ratio = medians["outrigger"].cpu_us_per_request / medians[peer].cpu_us_per_request
        report.at_most("HTTP/1.1: CPU per request", ratio, limit, f"× {name}")


def latency(bench, report):
    """The same rate for everybody: half of what HAProxy can do, which is more than one thread of Envoy can."""
    with proxies(bench, (NginxSplit, HAProxy, AmbassadorHTTP)) as started:
        rate = int(saturation(bench, started["haproxy"]) / 2)
        bench.say(f"half of HAProxy's saturation rate: {rate:,} requests/s")
        load = OpenLoad(bench, rate, CONNECTIONS, PATH, HEADERS)
        medians = load.medians(bench.latency_rounds, started)
    for name, sample in medians.items():
        report.figure("open loop, half of saturation", name, sample, medians["haproxy"])
    for name in ("p50", "p99"):
        ours, theirs = (getattr(medians[proxy], f"{name}_us") for proxy in ("outrigger", "haproxy"))
        report.at_most(f"{name} at {rate:,} requests/s, open loop", ours / theirs, 1.1, "× HAProxy")


def closed_load(bench):
    return Load("report.lua", CONNECTIONS, bench.seconds, headers=HEADERS)


def measure(bench, load, started):
    """The medians of each proxy, in turn."""
    return alternate(bench.rounds, {
        name: lambda proxy=proxy: load.measure(proxy, url_of(proxy)) for name, proxy in started.items()
    })


def saturation(bench, proxy):
    """Requests in a second that 64 connections get through it."""
    return measure(bench, closed_load(bench), {"rate": proxy})["rate"].requests_per_second


def url_of(proxy):
    return f"http://127.0.0.1:{proxy.port}{PATH}"
