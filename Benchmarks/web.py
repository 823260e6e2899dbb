#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the ambassador between two versions of an app, beside nginx, HAProxy and Envoy in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import os
import resource
import sys
from pathlib import Path

from harness.command import ROOT, Bench, run
from scenarios import http_body, http_idle, http_load, http_mirror, http_reload, http_split, invoke

SCENARIOS = {
    "cpu": http_load.cpu,
    "latency": http_load.latency,
    "invoke": invoke.invoke,
    "body": http_body.body,
    "mirror": http_mirror.mirror,
    "idle": http_idle.idle,
    "split": http_split.split,
    "reload": http_reload.reload,
}


class HTTPBench(Bench):
    yardstick = "HAProxy"

    def __init__(self, binary, folder, quick):
        super().__init__(binary, folder, quick)
        self.envoy = Path(os.environ.get("ENVOY_BINARY", ROOT / ".build/peers/envoy/envoy/_bin/envoy"))
        if quick:
            self.seconds = 1
        # Six orders of three proxies, each as often.
        self.latency_rounds = 6 if quick else 36
        self.body_bytes = (1 << 28) if quick else (1 << 30)
        self.idle_clients = 5000
        self.split_requests = 100_000
        self.reloads = 100
        # Each idle client is a socket of this process and one of the proxy.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(run("http", __doc__, SCENARIOS, HTTPBench))
