# SPDX-License-Identifier: Apache-2.0
"""The memory of a proxy that nobody talks to, and of one with thousands of clients that say nothing."""

import time

from harness.generator import Generator, seed
from harness.processes import MeasurementFailed
from harness.redis_proxies import Ambassador, Nutcracker, redis_servers

SETTLE_SECONDS = 2
KIBIBYTE = 1 << 10


def clients(bench, report):
    """Each client asks once, as clients do, and then stays connected."""
    count = bench.idle_clients
    with redis_servers(bench) as shards:
        seed(bench, shards[0].port)
        with Nutcracker(bench, shards) as nutcracker:
            _, _, per_client = measure(bench, nutcracker)
            bench.say(f"{count:,} idle clients of nutcracker: {per_client / KIBIBYTE:.2f} KiB each")
        with Ambassador(bench, shards) as outrigger:
            rss, rss_anon, per_client = measure(bench, outrigger)
    report.base_memory(rss, rss_anon)
    report.at_most(f"{count:,} idle clients: private memory of each", per_client / KIBIBYTE, 4, " KiB")


def measure(bench, server):
    """RSS and RssAnon at rest, and what each idle client adds to the latter."""
    time.sleep(SETTLE_SECONDS)
    rss, rss_anon = server.memory_bytes()
    generator = Generator(bench, "idle", connections=bench.idle_clients)
    process = generator.begin(server.port)
    line = process.stdout.readline().strip()
    if line != "connected":
        raise MeasurementFailed(f"{server.name}: {line or generator.finish(process)}")
    time.sleep(SETTLE_SECONDS)
    _, with_clients = server.memory_bytes()
    generator.finish_clean(process)
    return rss, rss_anon, (with_clients - rss_anon) / bench.idle_clients
