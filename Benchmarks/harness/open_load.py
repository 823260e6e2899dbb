# SPDX-License-Identifier: Apache-2.0
"""Drives a server with h2load at a given rate of requests of HTTP/1.1, and says what it did and what it cost."""

import re
import statistics
import subprocess

from harness.load import Sample, alternate
from harness.processes import MeasurementFailed

# Clients come one after the other: h2load gives each a tick of 10 ms, and would else ask for all of them at once.
CLIENT_PERIOD_MS = 3
WARM_UP_SECONDS = 0.5
# What else the machine does comes in bursts: they spoil some short rounds, or all long ones.
ROUND_SECONDS = 1
# A server that takes fewer than are due pushes the rest out of the round, where nobody measures them.
RATE_SHARE_MIN = 0.98


class OpenLoad:
    """Requests at `rate` in a second, from a number of connections."""

    def __init__(self, bench, rate, connections, path="/", headers=None):
        self.log = bench.folder / "h2load.log"
        self.rate, self.connections, self.path = rate, connections, path
        self.headers = headers or {}
        each = max(1, round(rate * (ROUND_SECONDS + WARM_UP_SECONDS) / connections))
        self.requests = each * connections

    def measure(self, server):
        """One round against one server; a single failed request fails the measurement."""
        cpu = server.cpu_seconds()
        output = self.run(server.port)
        cpu = server.cpu_seconds() - cpu
        counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
        if not counts or int(counts[1]) != self.requests:
            raise MeasurementFailed(f"{server.name}: h2load said: {' / '.join(output.splitlines()[-8:])[:400]}")
        seconds, latencies = self.latencies()
        rss, rss_anon = server.memory_bytes()
        return Sample(
            requests_per_second=len(latencies) / seconds, p50_us=statistics.median(latencies),
            p99_us=latencies[len(latencies) * 99 // 100], cpu_us_per_request=cpu / self.requests * 1e6, rss=rss,
            rss_anon=rss_anon)

    def medians(self, rounds, servers):
        """The medians of each server, in turn; one that can't keep the rate fails the measurement."""
        medians = alternate(rounds, {
            name: lambda server=server: self.measure(server) for name, server in servers.items()
        })
        for name, sample in medians.items():
            if sample.requests_per_second < RATE_SHARE_MIN * self.rate:
                raise MeasurementFailed(
                    f"{name} took {sample.requests_per_second:,.0f} requests/s where {self.rate:,} were due")
        return medians

    def run(self, port):
        self.log.unlink(missing_ok=True)
        headers = [f"--header={name}: {value}" for name, value in self.headers.items()]
        command = ["h2load", "--h1", f"--clients={self.connections}", f"--requests={self.requests}",
                   f"--rps={self.rate / self.connections:.3f}", "--rate=1", f"--rate-period={CLIENT_PERIOD_MS}ms",
                   f"--log-file={self.log}", *headers, f"http://127.0.0.1:{port}{self.path}"]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False).stdout

    def latencies(self):
        """For how many seconds all clients asked, and what each request of then took, the quickest first."""
        rows = [line.split() for line in self.log.read_text().splitlines()]
        first = min(int(start) for start, _, _ in rows)
        begin, end = first + WARM_UP_SECONDS * 1e6, first + self.requests / self.rate * 1e6
        return (end - begin) / 1e6, sorted(int(took) for start, _, took in rows if begin <= int(start) < end)
