#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures apps that talk to each other through the release binary, from outside, beside nginx in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import sys

from harness.command import ROOT, Bench, run
from scenarios import backlog, invoke, publish, pubsub_crash, stream, takeover

SCENARIOS = {
    "invoke": invoke.invoke,
    "latency": invoke.latency,
    "stream": stream.stream,
    "publish": publish.publish,
    "crash": pubsub_crash.crash,
    "takeover": takeover.takeover,
    "million": backlog.million,
}


class TalkBench(Bench):
    def __init__(self, binary, folder, quick):
        super().__init__(binary, folder, quick)
        self.stream_bytes = (1 << 28) if quick else (1 << 30)
        self.seeder = ROOT / ".build/release/EventLogSeed"
        self.publish_seconds = 5 if quick else 20
        self.kills = 8 if quick else 50
        self.takeovers = 1 if quick else 5
        self.events_many = 200_000 if quick else 10_000_000
        self.idle_seconds = 10 if quick else 30


if __name__ == "__main__":
    sys.exit(run("talk", __doc__, SCENARIOS, TalkBench))
