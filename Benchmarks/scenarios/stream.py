# SPDX-License-Identifier: Apache-2.0
"""Large bodies through two sidecars: nothing of them may stay in either."""

import http.client
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness.processes import MeasuredProcess, MeasurementFailed, free_port
from harness.relay import METHOD, sidecars
from harness.report import MEBIBYTE

APP = Path(__file__).resolve().parent.parent / "apps/bulk.py"
BLOCK = 1 << 20
WARM_BYTES = 64 << 20


class BulkApp(MeasuredProcess):
    """An app that gives and takes large bodies."""

    name = "bulk app"

    def start(self):
        self.port = free_port()
        self.process = subprocess.Popen([sys.executable, str(APP), str(self.port)], stdin=subprocess.DEVNULL)
        self.wait_until_ready("/", 200)


def stream(bench, report):
    """1 GiB down and up through both sidecars, while their resident memory is looked at."""
    with BulkApp() as app, sidecars(bench, "stream", app.port) as (caller, callee):
        for name, transfer in (("down", download), ("up", upload)):
            # The first transfer fills the buffers that every later one uses again.
            transfer(caller.port, WARM_BYTES, METHOD)
            watches = [MemoryWatch(sidecar) for sidecar in (caller, callee)]
            began = time.monotonic()
            transfer(caller.port, bench.stream_bytes, METHOD)
            rate = bench.stream_bytes / MEBIBYTE / (time.monotonic() - began)
            grown = max(watch.end() for watch in watches) / MEBIBYTE
            what = f"{bench.stream_bytes // MEBIBYTE:,} MiB {name} through two sidecars: resident memory grows by"
            report.add(what, f"{grown:.1f} MiB (at {rate:,.0f} MiB/s)", "< 16 MiB", grown < 16)


class MemoryWatch:
    """Looks at a process's resident memory until `end`, which returns by how much it was above the beginning."""

    def __init__(self, process):
        self.process, self.before, self.most = process, process.memory_bytes()[0], 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, self.process.memory_bytes()[0])

    def end(self):
        self.over.set()
        self.thread.join()
        return max(self.most, self.process.memory_bytes()[0]) - self.before


def download(port, count, path):
    """Reads so many bytes of what the bulk app gives under `path`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"{path}{count}")
    response = connection.getresponse()
    block, read = bytearray(BLOCK), 0
    while part := response.readinto(block):
        read += part
    connection.close()
    if response.status != 200 or read != count:
        raise MeasurementFailed(f"{read} of {count} bytes came, with status {response.status}")


def upload(port, count, path):
    """Sends so many bytes to the bulk app, under `path`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    block = bytes(BLOCK)
    body = (block for _ in range(count // BLOCK))
    connection.request("POST", f"{path}count", body, {"Content-Length": str(count)})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status != 200 or answer != str(count).encode():
        raise MeasurementFailed(f"the app counted {answer[:100]!r} of {count} bytes, with status {response.status}")
