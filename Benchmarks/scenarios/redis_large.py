# SPDX-License-Identifier: Apache-2.0
"""Values of 16 MiB and reads of 10,000 keys: whether they are right, what they hold in memory, whom they hold up."""

import threading
from contextlib import contextmanager

from harness.generator import Generator, require_clean, seed
from harness.load import alternate
from harness.redis_proxies import Ambassador, Nutcracker, redis_servers
from harness.report import MEBIBYTE

LARGE_BYTES = 16 << 20
# One value each way and two reads in each second: a load beside which a redis-server's own p99 stays below five times
# what it is alone. Redis itself does nothing else while it takes a value's memory from the kernel or reads 10,000 keys.
LARGE_CLIENTS = 1
LARGE_PAUSE_MS = 1000
KEYS_PER_READ = 10_000
READS_PER_SECOND = 2
# About half of what two cores can do.
OTHERS_RATE = 20_000
OTHERS = 50
FLOOD_CLIENTS = 8
SAMPLE_SECONDS = 0.01
# Half of what all values in flight are together: a proxy that holds whole values is above it.
GROWTH_BYTES_MAX = FLOOD_CLIENTS * LARGE_BYTES / 2


def large(bench, report):
    """Small requests at a steady rate, alone and beside large ones; then large ones as fast as they can."""
    with redis_servers(bench) as shards, Nutcracker(bench, shards) as nutcracker, \
            Ambassador(bench, shards) as outrigger:
        # One server alone shows what of it is Redis' own work.
        servers = {"redis": shards[0], "nutcracker": nutcracker, "outrigger": outrigger}
        for server in servers.values():
            seed(bench, server.port)
        base = {proxy.name: proxy.memory_bytes()[1] for proxy in (outrigger, nutcracker)}
        medians = alternate(bench.rounds, {
            f"{name} {kind}": lambda server=server, take=take: take(bench, server)
            for name, server in servers.items()
            for kind, take in (("alone", others), ("beside", others_beside_large))
        })
        growth = {proxy.name: flood(bench, proxy) - base[proxy.name] for proxy in (outrigger, nutcracker)}
    for name, sample in medians.items():
        report.figure(f"{OTHERS_RATE:,} requests/s", f"{name} large values", sample)
    ratio = {name: medians[f"{name} beside"].p99_us / medians[f"{name} alone"].p99_us for name in servers}
    for name in ("redis", "nutcracker"):
        bench.say(f"p99 of others beside large values, {name}: {ratio[name]:.2f}×")
    what = "16 MiB values and MGET of 10,000 keys: p99 of other clients beside alone"
    report.at_most(what, ratio["outrigger"], 5, "×")
    ours, theirs = growth[outrigger.name], growth[nutcracker.name]
    what = f"{FLOOD_CLIENTS} clients with 16 MiB values: memory above the base"
    bench.say(f"{what}, nutcracker: {theirs / MEBIBYTE:.0f} MiB")
    report.at_most(what, ours / MEBIBYTE, int(GROWTH_BYTES_MAX / MEBIBYTE), " MiB", digits=1)


def others(bench, server):
    """Clients with small values."""
    return Generator(bench, "load", connections=OTHERS, rate=OTHERS_RATE, seconds=bench.seconds).measure(server)


def others_beside_large(bench, server):
    """The same, beside clients with large ones; each of their bytes is compared."""
    with running(values(bench, LARGE_CLIENTS, LARGE_PAUSE_MS) + [reads(bench)], server.port):
        return others(bench, server)


def flood(bench, server):
    """How high memory rises while large values come as fast as they can."""
    peak = Peak(server)
    with peak, running(values(bench, FLOOD_CLIENTS, 0) + [reads(bench)], server.port):
        pass
    return peak.rss_anon


def values(bench, count, pause_ms):
    # They begin before the others and end after them.
    return [Generator(bench, "large", value_bytes=LARGE_BYTES, seconds=bench.seconds + 1, keys=2, seed=number,
                      pause_ms=pause_ms)
            for number in range(count)]


def reads(bench):
    return Generator(bench, "load", connections=2, rate=READS_PER_SECOND, get_percent=100,
                     keys_per_read=KEYS_PER_READ, seconds=bench.seconds + 1)


@contextmanager
def running(generators, port):
    """All of them at once; at the end every one must have found every reply right."""
    started = [(generator, generator.begin(port)) for generator in generators]
    try:
        yield
    finally:
        results = [generator.finish(process) for generator, process in started]
    for result in results:
        require_clean(result)


class Peak:
    """The highest private memory of a process while this is open."""

    def __init__(self, server):
        self.server, self.rss_anon, self.ended = server, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.ended.wait(SAMPLE_SECONDS):
            self.rss_anon = max(self.rss_anon, self.server.memory_bytes()[1])

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
