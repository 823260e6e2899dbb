# SPDX-License-Identifier: Apache-2.0
"""Rates and costs of reading and saving, beside nginx and beside itself."""

from harness.disk import FlushCounter
from harness.load import Load, Sample, alternate
from harness.processes import Nginx, Outrigger, VALUE

CONNECTIONS = 64
# Few enough to stay in memory, many enough that saves don't all change one page.
KEYS = 10_000
SEED_BATCH = 1000


def seed(server, keys):
    """Saves key-0 … key-(keys-1), a thousand in each request."""
    for first in range(0, keys, SEED_BATCH):
        last = min(first + SEED_BATCH, keys)
        server.save([{"key": f"key-{number}", "value": VALUE} for number in range(first, last)])


def get(bench, report):
    """State GET of a 100-byte value, 64 connections, beside nginx answering 100 static bytes."""
    load = Load("get.lua", CONNECTIONS, bench.seconds)
    with Nginx(bench.folder) as nginx, Outrigger(bench.binary, bench.folder / "get") as outrigger:
        seed(outrigger, 1)
        medians = alternate(bench.rounds, {
            "nginx": lambda: load.measure(nginx, nginx.url()),
            "outrigger": lambda: load.measure(outrigger, outrigger.url("/v1.0/state/statestore/")),
        })
    report.figure("get, 64 connections", "nginx", medians["nginx"])
    report.figure("get, 64 connections", "outrigger", medians["outrigger"], medians["nginx"])
    ratio = medians["outrigger"].cpu_us_per_request / medians["nginx"].cpu_us_per_request
    report.at_most("GET: CPU per request beside nginx", ratio, 5, "×")


def save(bench, report):
    """State save, every acknowledged write on the disk: 64 connections beside one, and beside nginx."""
    flushes = FlushCounter(bench.folder)
    reads, many, one = (Load("get.lua", CONNECTIONS, bench.seconds), Load("save.lua", CONNECTIONS, bench.seconds, KEYS),
                        Load("save.lua", 1, bench.seconds, KEYS))
    with Nginx(bench.folder) as nginx, Outrigger(bench.binary, bench.folder / "save") as outrigger:
        medians = alternate(bench.rounds, {
            "nginx": lambda: reads.measure(nginx, nginx.url()),
            "many": lambda: many.measure(outrigger, outrigger.url(), flushes),
            "one": lambda: one.measure(outrigger, outrigger.url(), flushes),
        })
    nginx, many, one = medians["nginx"], medians["many"], medians["one"]
    report.figure("get, 64 connections", "nginx", nginx)
    report.figure("save, 64 connections", "outrigger", many, nginx)
    report.figure("save, 1 connection", "outrigger", one, nginx)
    report_flushes(report, flushes, many)
    report.at_least("save: 64 connections beside one", many.requests_per_second / one.requests_per_second, 2.5, "×")
    report.at_most("save: CPU per request beside nginx", many.cpu_us_per_request / nginx.cpu_us_per_request, 8, "×")


def report_flushes(report, flushes, many):
    what, bar = "save: flushes per acknowledged write", "> 0, ≤ 0.34"
    if not flushes.works:
        report.add(what, "this device counts none", bar, None)
        return
    measured = many.flushes_per_request
    report.add(what, f"{measured:.3f}", bar, 0 < measured <= 0.34)


def neighbours(bench, report):
    """Two sidecars on one data directory, both saving, beside one alone."""
    load = Load("save.lua", CONNECTIONS, bench.seconds, KEYS)
    data = bench.folder / "neighbours"
    with Outrigger(bench.binary, data, "one") as one, Outrigger(bench.binary, data, "two") as two:
        alone, first, second = [], [], []
        for turn in range(bench.rounds + 1):
            single = load.measure(one, one.url())
            pair = measure_together(load, one, two)
            if turn > 0:
                alone.append(single)
                first.append(pair[0])
                second.append(pair[1])
    alone, first, second = Sample.median(alone), Sample.median(first), Sample.median(second)
    report.figure("save, alone", "outrigger one", alone)
    for name, sample in (("outrigger one", first), ("outrigger two", second)):
        report.figure("save, both at once", name, sample)
    slower = min(first.requests_per_second, second.requests_per_second)
    report.at_least("two sidecars: the slower's rate beside one alone", slower / alone.requests_per_second, 0.4, "×")
    report.at_most("two sidecars: p99", max(first.p99_us, second.p99_us) / 1000, 20, " ms", digits=1)


def measure_together(load, one, two):
    servers = (one, two)
    cpu = [server.cpu_seconds() for server in servers]
    running = [load.begin(server.url()) for server in servers]
    results = [load.finish(process) for process in running]
    return [as_sample(server, before, result) for server, before, result in zip(servers, cpu, results)]


def as_sample(server, cpu_before, result):
    rss, rss_anon = server.memory_bytes()
    return Sample(
        requests_per_second=result["requests"] / result["seconds"], p50_us=result["p50_us"], p99_us=result["p99_us"],
        cpu_us_per_request=(server.cpu_seconds() - cpu_before) / result["requests"] * 1e6, rss=rss, rss_anon=rss_anon)


def million(bench, report):
    """GET and save in a store of a million keys, at random, beside an almost empty one."""
    few = 1000
    with Outrigger(bench.binary, bench.folder / "few", "few") as small, \
            Outrigger(bench.binary, bench.folder / "many", "many") as large:
        seed(small, few)
        bench.say(f"saving {bench.keys_many:,} keys")
        seed(large, bench.keys_many)
        measurements = {}
        for name, server, keys in (("few", small, few), ("many", large, bench.keys_many)):
            measurements[f"get {name}"] = measurement("get.lua", bench, server, "/v1.0/state/statestore/", keys)
            measurements[f"save {name}"] = measurement("save.lua", bench, server, "/v1.0/state/statestore", keys)
        medians = alternate(bench.rounds, measurements)
    for call in ("get", "save"):
        for name, keys in (("few", few), ("many", bench.keys_many)):
            report.figure(f"{call}, {keys:,} keys", "outrigger", medians[f"{call} {name}"])
        ratio = medians[f"{call} many"].requests_per_second / medians[f"{call} few"].requests_per_second
        report.at_least(f"{bench.keys_many:,} keys: {call} rate beside an empty store", ratio, 0.8, "×")


def measurement(script, bench, server, path, keys):
    load = Load(script, CONNECTIONS, bench.seconds, keys)
    return lambda: load.measure(server, server.url(path))
