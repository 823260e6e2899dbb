# SPDX-License-Identifier: Apache-2.0
"""Which processor core each process runs on."""

import os


class Placement:
    """A proxy has the first core for itself; redis-servers and generators share the others.

    On two cores that repeats better than letting the kernel move everything about: a proxy's cost in a run doesn't
    depend on whom it had to share with. Where there is one core, nothing is pinned.
    """

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.proxy = {self.all[0]}
        self.others = set(self.all[1:]) or self.proxy

    def pin(self, cores):
        """For a child process between fork and exec."""
        return lambda: os.sched_setaffinity(0, cores)
