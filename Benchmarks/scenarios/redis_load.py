# SPDX-License-Identifier: Apache-2.0
"""Rates and costs of GET and SET through one thread of each proxy, before the same three redis-servers."""

from harness.generator import Generator, seed
from harness.load import alternate
from harness.redis_proxies import Ambassador, Envoy, Nutcracker, redis_servers

CLIENTS = 50
PIPELINE = 32
# What Envoy's documentation recommends to gather before a write, where clients send pipelines.
ENVOY_FLUSH_BYTES = 1024


def pipeline(bench, report):
    """50 clients, 32 requests at a time."""
    title = f"GET and SET, pipeline {PIPELINE}"
    nutcracker, envoy, outrigger = compare(bench, report, title, PIPELINE, ENVOY_FLUSH_BYTES)
    cost = outrigger.cpu_us_per_request
    report.at_most(f"pipeline {PIPELINE}: CPU per request", cost / nutcracker.cpu_us_per_request, 0.5, "× nutcracker")
    report.at_most(f"pipeline {PIPELINE}: CPU per request", cost / envoy.cpu_us_per_request, 0.6, "× Envoy")
    rate = outrigger.requests_per_second / nutcracker.requests_per_second
    report.at_least(f"pipeline {PIPELINE}: throughput", rate, 1.6, "× nutcracker")


def single(bench, report):
    """50 clients that wait for each answer."""
    nutcracker, _, outrigger = compare(bench, report, "GET and SET, no pipeline", 1, 0)
    ratio = outrigger.cpu_us_per_request / nutcracker.cpu_us_per_request
    report.at_most("no pipeline: CPU per request", ratio, 1.0, "× nutcracker")


def compare(bench, report, title, depth, envoy_flush_bytes):
    """The medians of nutcracker, Envoy and Outrigger, in turn; the figures are reported."""
    load = Generator(bench, "load", connections=CLIENTS, pipeline=depth, seconds=bench.seconds)
    with redis_servers(bench) as shards, Nutcracker(bench, shards) as nutcracker, \
            Envoy(bench, shards, envoy_flush_bytes) as envoy, Ambassador(bench, shards) as outrigger:
        proxies = {"nutcracker": nutcracker, "envoy": envoy, "outrigger": outrigger}
        for proxy in proxies.values():
            seed(bench, proxy.port)
        medians = alternate(bench.rounds, {
            name: lambda proxy=proxy: load.measure(proxy) for name, proxy in proxies.items()
        })
    for name, sample in medians.items():
        report.figure(title, name, sample, medians["nutcracker"])
        say_busy(bench, title, name, sample)
    return medians["nutcracker"], medians["envoy"], medians["outrigger"]


def say_busy(bench, title, name, sample):
    """Where a proxy had time left, its rate says what the redis-servers and the generator could do."""
    cores = sample.requests_per_second * sample.cpu_us_per_request / 1e6
    bench.say(f"{title}, {name}: {cores:.2f} cores busy")


def loops(bench, report):
    """Two event loops beside one."""
    load = Generator(bench, "load", connections=CLIENTS, pipeline=PIPELINE, seconds=bench.seconds)
    with redis_servers(bench) as shards, Ambassador(bench, shards, 1) as one, \
            Ambassador(bench, shards, 2) as two:
        seed(bench, one.port)
        medians = alternate(bench.rounds, {"1 loop": lambda: load.measure(one), "2 loops": lambda: load.measure(two)})
    for name, sample in medians.items():
        report.figure(f"GET and SET, pipeline {PIPELINE}", f"outrigger, {name}", sample)
    ratio = medians["2 loops"].cpu_us_per_request / medians["1 loop"].cpu_us_per_request
    report.at_most("two event loops: CPU per request beside one", ratio, 1.15, "×")
