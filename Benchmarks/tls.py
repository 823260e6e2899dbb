#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the end of TLS costs in front of a plain server, beside nginx in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import resource
import sys

from harness.command import Bench, run
from scenarios import tls

SCENARIOS = {
    "handshakes": tls.handshakes,
    "requests": tls.requests,
}


class TLSBench(Bench):
    def __init__(self, binary, folder, quick):
        super().__init__(binary, folder, quick)
        # A client of each new connection for a moment.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(run("tls", __doc__, SCENARIOS, TLSBench))
