#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures apps that talk to each other through the release binary, from outside, beside nginx in the same run.

Prints rates, latencies and costs, then each promise with its bar. The status is 0 when all bars hold, 1 when one is
missed, 2 when something could not be measured at all.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from api import ROOT, processor
from harness.processes import MeasurementFailed
from harness.report import Report
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


class Bench:
    """What all scenarios share: the binary, a folder on a real disk, and how long to measure."""

    def __init__(self, binary, folder, quick):
        self.binary, self.folder = binary, folder
        self.rounds, self.seconds = (3, 2) if quick else (5, 5)
        self.stream_bytes = (1 << 28) if quick else (1 << 30)
        self.seeder = ROOT / ".build/release/EventLogSeed"
        self.publish_seconds = 5 if quick else 20
        self.kills = 8 if quick else 50
        self.takeovers = 1 if quick else 5
        self.events_many = 200_000 if quick else 10_000_000
        self.idle_seconds = 10 if quick else 30

    def say(self, text):
        print(f"   {text}", file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench talk", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help=f"all by default: {', '.join(SCENARIOS)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/outrigger", help="default: bin/outrigger")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build",
                        help="where the data directories are made; it must be on the disk to measure (default: .build)")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.scenario if name not in SCENARIOS]
    if unknown:
        parser.error(f"unknown scenario {unknown[0]}; there are {', '.join(SCENARIOS)}")
    if not arguments.binary.exists():
        parser.error(f"{arguments.binary} doesn't exist: run ./scripts/build")
    return arguments


def main():
    arguments = parse_arguments()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=arguments.folder.resolve()))
    report, broken = Report(), False
    try:
        bench = Bench(arguments.binary.resolve(), folder, arguments.quick)
        print(f"{os.cpu_count()} cores, {processor()}, Linux {platform.release()}", flush=True)
        for name in arguments.scenario or SCENARIOS:
            print(f"-- {name}", file=sys.stderr, flush=True)
            try:
                SCENARIOS[name](bench, report)
            except MeasurementFailed as failure:
                broken = True
                report.add(name, str(failure), "a measurement", False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.print()
    if arguments.json:
        report.write_json(arguments.json)
    return 2 if broken else 0 if report.all_held else 1


if __name__ == "__main__":
    sys.exit(main())
