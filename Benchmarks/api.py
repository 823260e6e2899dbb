#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the state API of the release binary from outside, beside nginx in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import sys

from harness.command import Bench, run
from scenarios import crash, resting, throughput

SCENARIOS = {
    "size": resting.size,
    "start": resting.start,
    "get": throughput.get,
    "save": throughput.save,
    "neighbours": throughput.neighbours,
    "million": throughput.million,
    "crash": crash.crash,
    "idle": resting.idle,
}


class APIBench(Bench):
    def __init__(self, binary, folder, quick):
        super().__init__(binary, folder, quick)
        self.idle_seconds = 10 if quick else 60
        self.kills = 5 if quick else 50
        self.keys_many = 100_000 if quick else 1_000_000


if __name__ == "__main__":
    sys.exit(run("api", __doc__, SCENARIOS, APIBench))
