# SPDX-License-Identifier: Apache-2.0
"""Counts the flushes of the device that holds a folder, as the kernel counts them."""

import os
from pathlib import Path

# The 16th number after a device's name in /proc/diskstats (kernel 5.5 and later): flush requests completed.
FLUSHES_FIELD = 15


class FlushCounter:
    """Flushes of the whole device: they are a sidecar's own only while nothing else writes."""

    def __init__(self, folder):
        self.device = device_of(Path(folder))
        self.works = self.device is not None and self.sees_a_flush(Path(folder))

    def count(self):
        for line in Path("/proc/diskstats").read_text().splitlines():
            fields = line.split()
            if f"{fields[0]}:{fields[1]}" == self.device:
                numbers = fields[3:]
                return int(numbers[FLUSHES_FIELD]) if len(numbers) > FLUSHES_FIELD else 0
        return 0

    def sees_a_flush(self, folder):
        """Whether a fsync of ours is counted: on tmpfs and some virtual devices nothing is."""
        before = self.count()
        probe = folder / "flush-probe"
        with open(probe, "wb") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        probe.unlink()
        return self.count() > before


def device_of(folder):
    """`MAJOR:MINOR` of the whole disk under the file system that holds `folder`, or None."""
    number = os.stat(folder).st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    if not Path(f"/sys/dev/block/{device}").exists():
        device = device_of_mount(folder)
    if device is None:
        return None
    # Flushes are counted for disks, not for their partitions.
    node = Path(f"/sys/dev/block/{device}").resolve()
    if (node / "partition").exists():
        device = (node.parent / "dev").read_text().strip()
    return device


def device_of_mount(folder):
    """For file systems with a number of their own (btrfs, overlay): the device that mountinfo names."""
    best, source = "", None
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mount = left.split()[4]
        if str(folder.resolve()).startswith(mount) and len(mount) >= len(best):
            best, source = mount, right.split()[1]
    if source is None or not source.startswith("/dev/") or not Path(source).exists():
        return None
    number = os.stat(source).st_rdev
    return f"{os.major(number)}:{os.minor(number)}"
