# SPDX-License-Identifier: Apache-2.0
"""Latency at half of what nutcracker can do, with requests that are sent at their time whatever has been answered."""

from harness.generator import Generator, seed
from harness.load import alternate
from harness.redis_proxies import Ambassador, Envoy, Nutcracker, redis_servers

CLIENTS = 50


def latency(bench, report):
    """The same rate for everybody: half of nutcracker's, measured first with 50 clients that wait for each answer."""
    with redis_servers(bench) as shards, Nutcracker(bench, shards) as nutcracker, Envoy(bench, shards, 0) as envoy, \
            Ambassador(bench, shards) as outrigger:
        proxies = {"nutcracker": nutcracker, "envoy": envoy, "outrigger": outrigger}
        for proxy in proxies.values():
            seed(bench, proxy.port)
        rate = int(saturation(bench, nutcracker) / 2)
        bench.say(f"half of nutcracker's saturation rate: {rate:,} requests/s")
        load = Generator(bench, "load", connections=CLIENTS, rate=rate, seconds=bench.seconds)
        medians = alternate(bench.rounds, {
            name: lambda proxy=proxy: load.measure(proxy) for name, proxy in proxies.items()
        })
    for name, sample in medians.items():
        report.figure("open loop, half of saturation", name, sample, medians["nutcracker"])
    ratio = medians["outrigger"].p99_us / medians["nutcracker"].p99_us
    report.at_most(f"p99 at {rate:,} requests/s, open loop", ratio, 1.1, "× nutcracker")


def saturation(bench, server):
    load = Generator(bench, "load", connections=CLIENTS, seconds=bench.seconds)
    return alternate(bench.rounds, {"rate": lambda: load.measure(server)})["rate"].requests_per_second
