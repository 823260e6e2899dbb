# SPDX-License-Identifier: Apache-2.0
"""What a sidecar costs that nobody talks to: its size, its start, its memory, its sleep."""

import shutil
import statistics
import subprocess
import time

from harness.disk import FlushCounter
from harness.processes import Outrigger
from harness.report import MEBIBYTE

STARTS = 5


def size(bench, report):
    """The stripped binary."""
    stripped = bench.folder / "stripped"
    subprocess.run(["strip", "-o", str(stripped), str(bench.binary)], check=True)
    report.at_most("stripped binary", stripped.stat().st_size / 1e6, 60, " MB", digits=1)


def start(bench, report):
    """From exec to outbound-ready, on a new data directory each time and on one that is there."""
    first, again = [], []
    for _ in range(STARTS):
        data = bench.folder / "start"
        for taken in (first, again):
            server = Outrigger(bench.binary, data)
            taken.append(server.start() * 1000)
            server.stop()
        shutil.rmtree(data, ignore_errors=True)
    report.at_most("start to outbound-ready, new data directory", statistics.median(first), 200, " ms", digits=0)
    report.at_most("start to outbound-ready, again", statistics.median(again), 200, " ms", digits=0)


def idle(bench, report):
    """Memory after the start and after a minute, and what happens in that minute."""
    flushes = FlushCounter(bench.folder)
    with Outrigger(bench.binary, bench.folder / "idle") as server:
        # The start's own work, such as the first commit, is not idleness.
        time.sleep(2)
        report_memory(report, "after the start", server)
        cpu, flushed, written = server.cpu_seconds(), flushes.count(), server.written_bytes()
        time.sleep(bench.idle_seconds)
        cpu = server.cpu_seconds() - cpu
        flushed, written = flushes.count() - flushed, server.written_bytes() - written
        report_memory(report, f"after {bench.idle_seconds} s", server)
    report.at_most(f"idle {bench.idle_seconds} s: share of a core", cpu / bench.idle_seconds * 100, 0.2, " %", digits=3)
    # Flushes are the whole device's; a process that wrote nothing had nothing to flush.
    held = (flushed == 0 or written == 0) if flushes.works else (True if written == 0 else None)
    report.add(f"idle {bench.idle_seconds} s: flushes", f"{flushed} of the device, {written} bytes written", "none", held)


def report_memory(report, when, server):
    rss, rss_anon = server.memory_bytes()
    report.at_most(f"idle memory {when}: private (RssAnon)", rss_anon / MEBIBYTE, 8, " MiB", digits=1)
    report.at_most(f"idle memory {when}: RSS", rss / MEBIBYTE, 32, " MiB", digits=1)
