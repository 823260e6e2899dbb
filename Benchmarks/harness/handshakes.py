# SPDX-License-Identifier: Apache-2.0
"""Drives a server with h2load, a request on each new connection, and says what a connection cost."""

import re
import subprocess

from harness.load import Sample
from harness.processes import MeasurementFailed

# Below what either server can do, so that no connection waits for another.
CONNECTIONS_PER_SECOND = 500


class Handshakes:
    """New connections at a steady rate, each with a full handshake of TLS 1.3 and one request.

    h2load keeps no tickets, so no session is resumed.
    """

    def __init__(self, seconds, rate=CONNECTIONS_PER_SECOND):
        self.seconds, self.rate = seconds, rate

    def measure(self, server, url):
        count = self.rate * self.seconds
        cpu = server.cpu_seconds()
        result = self.run(url, count)
        cpu = server.cpu_seconds() - cpu
        rss, rss_anon = server.memory_bytes()
        return Sample(
            requests_per_second=result["per_second"], p50_us=result["mean_us"], p99_us=result["max_us"],
            cpu_us_per_request=cpu / count * 1e6, rss=rss, rss_anon=rss_anon)

    def run(self, url, count):
        command = ["h2load", "--h1", "--requests", str(count), "--clients", str(count), "--rate", str(self.rate), url]
        output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        succeeded = re.search(r"(\d+) succeeded", output)
        per_second = re.search(r"finished in .*?, ([\d.]+) req/s", output)
        connect = re.search(r"time for connect: +(\S+) +(\S+) +(\S+)", output)
        if "TLSv1.3" not in output or not (succeeded and per_second and connect):
            raise MeasurementFailed(f"h2load said: {output.strip()[-300:]}")
        if int(succeeded[1]) != count:
            raise MeasurementFailed(f"{count - int(succeeded[1])} of {count} connections failed")
        return {"per_second": float(per_second[1]), "mean_us": microseconds(connect[3]),
                "max_us": microseconds(connect[2])}


def microseconds(text):
    """What h2load's `1.23ms` means."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1000, "s": 1e6}[unit]
