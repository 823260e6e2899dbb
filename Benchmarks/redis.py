#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the ambassador before three redis-servers, beside nutcracker (twemproxy) and Envoy in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import os
import resource
import sys
from pathlib import Path

from harness.command import ROOT, Bench, run
from scenarios import redis_clients, redis_crash, redis_large, redis_latency, redis_load

SCENARIOS = {
    "pipeline": redis_load.pipeline,
    "single": redis_load.single,
    "loops": redis_load.loops,
    "latency": redis_latency.latency,
    "clients": redis_clients.clients,
    "large": redis_large.large,
    "crash": redis_crash.crash,
}


class RedisBench(Bench):
    yardstick = "nutcracker"

    def __init__(self, binary, folder, quick):
        super().__init__(binary, folder, quick)
        self.generator = ROOT / ".build/release/LoadGenerator"
        self.envoy = Path(os.environ.get("ENVOY_BINARY", ROOT / ".build/peers/envoy/envoy/_bin/envoy"))
        self.idle_clients = 5000
        self.kills = 5 if quick else 25
        # Each idle client is a socket of the generator and one of the proxy.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(run("redis", __doc__, SCENARIOS, RedisBench))
