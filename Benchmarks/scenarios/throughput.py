# SPDX-License-Identifier: Apache-2.0
"""Rates and costs of reading and saving, beside nginx and beside itself."""

import itertools

from harness.disk import FlushCounter
from harness.load import Load, Sample, alternate
from harness.processes import Nginx, Outrigger, VALUE

CONNECTIONS = 64
# Few enough to stay in memory, many enough that saves don't all change one page.
KEYS = 10_000
SEED_BATCH = 1000
STATE = "/v1.0/state/statestore"


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
    """GET and save in a store of a million keys, beside an empty one.

    The saves are the same requests in both: to random keys of the million, once into a store that begins empty and once
    into the full one. A GET from an empty store finds nothing, so it is compared with one of few keys. What saving costs
    when the same thousand keys change again and again is shown without a bar.
    """
    few, many = 1000, bench.keys_many
    with Outrigger(bench.binary, bench.folder / "few", "few") as small, \
            Outrigger(bench.binary, bench.folder / "many", "many") as large:
        seed(small, few)
        bench.say(f"saving {many:,} keys")
        seed(large, many)
        empties = (Outrigger(bench.binary, bench.folder / f"empty-{turn}", "empty") for turn in itertools.count())
        medians = alternate(bench.rounds, {
            "get few": measurement("get.lua", bench, small, STATE + "/", few),
            "get many": measurement("get.lua", bench, large, STATE + "/", many),
            "save few": measurement("save.lua", bench, small, STATE, few),
            "save empty": lambda: save_into(next(empties), bench, many),
            "save many": measurement("save.lua", bench, large, STATE, many),
        })
    names = {"few": f"{few:,} keys", "empty": "from empty", "many": f"{many:,} keys"}
    for case, sample in medians.items():
        call, name = case.split()
        report.figure(f"{call}, {names[name]}", "outrigger", sample)
    for call, beside in (("get", "few"), ("save", "empty")):
        ratio = medians[f"{call} many"].requests_per_second / medians[f"{call} {beside}"].requests_per_second
        report.at_least(f"{many:,} keys: {call} rate beside an empty store", ratio, 0.8, "×")


def save_into(empty, bench, keys):
    with empty as server:
        return measurement("save.lua", bench, server, STATE, keys)()


def measurement(script, bench, server, path, keys):
    load = Load(script, CONNECTIONS, bench.seconds, keys)
    return lambda: load.measure(server, server.url(path))
