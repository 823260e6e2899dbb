# SPDX-License-Identifier: Apache-2.0
"""Large bodies through one thread of each proxy: what a GiB costs, and that nothing of it stays in memory."""

import statistics
import time

from harness.http_proxies import AmbassadorHTTP, HAProxy, NginxSplit, proxies
from harness.report import MEBIBYTE
from scenarios.stream import WARM_BYTES, BulkApp, MemoryWatch, download, upload

GROWTH_BYTES_MAX = 16 * MEBIBYTE


class NamedBulkApp(BulkApp):
    """A version of an app that gives and takes large bodies."""

    def __init__(self, _bench, name):
        super().__init__()
        self.name = name


def body(bench, report):
    """One body after the other, down and up, through each proxy in turn."""
    with proxies(bench, (NginxSplit, HAProxy, AmbassadorHTTP), NamedBulkApp) as started:
        for direction, transfer in (("down", download), ("up", upload)):
            compare(bench, report, started, direction, transfer)


def compare(bench, report, started, direction, transfer):
    costs, growths = {name: [] for name in started}, []
    for turn in range(bench.rounds + 1):
        for name, proxy in started.items():
            if turn == 0:
                # The first transfer fills the buffers that every later one uses again.
                transfer(proxy.port, WARM_BYTES, "/")
                continue
            watch, cpu, began = MemoryWatch(proxy), proxy.cpu_seconds(), time.monotonic()
            transfer(proxy.port, bench.body_bytes, "/")
            costs[name].append((proxy.cpu_seconds() - cpu, time.monotonic() - began))
            growth = watch.end()
            if proxy is started["outrigger"]:
                growths.append(growth)
    size = f"{bench.body_bytes // MEBIBYTE:,} MiB {direction}"
    cpu = {}
    for name, taken in costs.items():
        cpu[name], seconds = (statistics.median(column) for column in zip(*taken))
        bench.say(f"{size}, {name}: {cpu[name]:.3f} s of CPU, {bench.body_bytes / MEBIBYTE / seconds:,.0f} MiB/s")
    report.at_most(f"{size}: CPU", cpu["outrigger"] / cpu["haproxy"], 1.3, "× HAProxy")
    report.at_most(f"{size}: resident memory grows by", max(growths) / MEBIBYTE, GROWTH_BYTES_MAX // MEBIBYTE, " MiB",
                   digits=1)
