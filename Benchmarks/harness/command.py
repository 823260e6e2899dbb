# SPDX-License-Identifier: Apache-2.0
"""What every benchmark's command does: read its arguments, run its scenarios in turn, print what they found."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from harness.processes import MeasurementFailed
from harness.report import Report

ROOT = Path(__file__).resolve().parent.parent.parent


class Bench:
    """What all scenarios share: the binary, a folder on a real disk, and how long to measure."""

    yardstick = "nginx"

    def __init__(self, binary, folder, quick):
        self.binary, self.folder = binary, folder
        self.rounds, self.seconds = (3, 2) if quick else (5, 5)

    def say(self, text):
        print(f"   {text}", file=sys.stderr, flush=True)


def run(name, description, scenarios, make_bench):
    """Runs `scripts/bench NAME`; returns its status."""
    arguments = parse_arguments(name, description, scenarios)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=arguments.folder.resolve()))
    report, broken = Report(make_bench.yardstick), False
    try:
        bench = make_bench(arguments.binary.resolve(), folder, arguments.quick)
        print(f"{os.cpu_count()} cores, {processor()}, Linux {platform.release()}; medians of {bench.rounds} rounds of "
              f"{bench.seconds} s, in turn", flush=True)
        for scenario in arguments.scenario or scenarios:
            print(f"-- {scenario}", file=sys.stderr, flush=True)
            try:
                scenarios[scenario](bench, report)
            except MeasurementFailed as failure:
                broken = True
                report.add(scenario, str(failure), "a measurement", False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.print()
    if arguments.json:
        report.write_json(arguments.json)
    return 2 if broken else 0 if report.all_held else 1


def parse_arguments(name, description, scenarios):
    parser = argparse.ArgumentParser(prog=f"scripts/bench {name}", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help=f"all by default: {', '.join(scenarios)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: two minutes instead of ten")
    parser.add_argument("--json", metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--binary", type=Path, default=ROOT / "bin/outrigger", help="default: bin/outrigger")
    parser.add_argument("--folder", type=Path, default=ROOT / ".build",
                        help="where the data directories are made; it must be on the disk to measure (default: .build)")
    arguments = parser.parse_args()
    unknown = [scenario for scenario in arguments.scenario if scenario not in scenarios]
    if unknown:
        parser.error(f"unknown scenario {unknown[0]}; there are {', '.join(scenarios)}")
    if not arguments.binary.exists():
        parser.error(f"{arguments.binary} doesn't exist: run ./scripts/build")
    return arguments


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
