# SPDX-License-Identifier: Apache-2.0
"""Drives a server with wrk and says what it did and what it cost."""

import json
import os
import statistics
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from harness.processes import MeasurementFailed

SCRIPTS = Path(__file__).resolve().parent.parent / "wrk"


@dataclass
class Sample:
    """One round, or the medians of several."""

    requests_per_second: float
    p50_us: float
    p99_us: float
    cpu_us_per_request: float
    rss: float
    rss_anon: float
    flushes_per_request: float = 0.0

    @staticmethod
    def median(samples):
        names = [field.name for field in fields(Sample)]
        return Sample(*(statistics.median(getattr(sample, name) for sample in samples) for name in names))


class Load:
    """A kind of requests, from a number of connections for a number of seconds."""

    def __init__(self, script, connections, seconds, keys=1, headers=None):
        self.script, self.connections, self.seconds = script, connections, seconds
        self.arguments = [str(keys)]
        self.headers = headers or {}

    def begin(self, url):
        # One thread of wrk fills one core; more would take the server's.
        headers = [part for name, value in self.headers.items() for part in ("--header", f"{name}: {value}")]
        command = ["wrk", "--threads", "1", "--connections", str(self.connections), "--duration", f"{self.seconds}s",
                   "--timeout", "10s", *headers, "--script", str(SCRIPTS / self.script), url, "--", *self.arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                env={**os.environ, "BENCH_LUA": str(SCRIPTS)})

    @staticmethod
    def result(process):
        """What wrk measured, whatever it was."""
        output, _ = process.communicate()
        for line in output.splitlines():
            if line.startswith("RESULT "):
                return json.loads(line.removeprefix("RESULT "))
        raise MeasurementFailed(f"wrk said: {output.strip()[:300]}")

    @staticmethod
    def finish(process):
        """What wrk measured; a single failed request fails the measurement."""
        result = Load.result(process)
        if result["errors"] or not result["requests"]:
            raise MeasurementFailed(f"{result['errors']} of {result['requests']} requests failed")
        return result

    def measure(self, server, url, flushes=None):
        """One round against one server."""
        cpu, flushed = server.cpu_seconds(), flushes.count() if flushes else 0
        result = self.finish(self.begin(url))
        cpu = server.cpu_seconds() - cpu
        flushed = flushes.count() - flushed if flushes else 0
        rss, rss_anon = server.memory_bytes()
        return Sample(
            requests_per_second=result["requests"] / result["seconds"], p50_us=result["p50_us"],
            p99_us=result["p99_us"], cpu_us_per_request=cpu / result["requests"] * 1e6, rss=rss, rss_anon=rss_anon,
            flushes_per_request=flushed / result["requests"])


def alternate(rounds, measurements):
    """Runs all measurements in turn, `rounds` times, so that what the machine does meanwhile meets each of them.

    `measurements` are functions by name; the answer has the medians by name. The first turn warms up and isn't counted.
    """
    samples = {name: [] for name in measurements}
    orders = balanced_orders(list(measurements))
    for turn in range(rounds + 1):
        for name in orders[turn % len(orders)]:
            sample = measurements[name]()
            if turn > 0:
                samples[name].append(sample)
    return {name: Sample.median(taken) for name, taken in samples.items()}


def balanced_orders(names):
    """Orders in which each name comes after each other one equally often (a Latin square of Williams' design).

    Whoever always came after one that keeps both cores busy would pay for it, where the host gives less to a machine
    that has just had much.
    """
    count = len(names)
    first = [place // 2 if place % 2 == 0 else count - 1 - place // 2 for place in range(count)]
    rows = [[names[(index + shift) % count] for index in first] for shift in range(count)]
    # An odd number needs each row in both directions.
    return rows if count % 2 == 0 else rows + [row[::-1] for row in rows]
