# SPDX-License-Identifier: Apache-2.0
"""What is printed: figures beside each other, and each bar with whether it holds."""

import json
from dataclasses import asdict, dataclass

MEBIBYTE = 1 << 20


@dataclass
class Bar:
    """One promise, what was measured for it, and whether it holds; `held` is None where it can't be measured."""

    what: str
    measured: str
    bar: str
    held: bool | None


class Report:
    def __init__(self, yardstick="nginx"):
        """`yardstick` is whom the figures' ratios are to."""
        self.yardstick = yardstick
        self.bars = []
        self.figures = []

    def figure(self, scenario, name, sample, reference=None):
        """A row of rates, latencies and costs; ratios are to `reference`."""
        self.figures.append((scenario, name, sample, reference))

    def at_most(self, what, value, limit, unit="", digits=2):
        self.add(what, f"{value:.{digits}f}{unit}", f"≤ {limit}{unit}", value <= limit)

    def at_least(self, what, value, limit, unit="", digits=2):
        self.add(what, f"{value:.{digits}f}{unit}", f"≥ {limit}{unit}", value >= limit)

    def base_memory(self, rss, rss_anon):
        """What a proxy may take that nobody talks to."""
        self.at_most("base memory: private (RssAnon)", rss_anon / MEBIBYTE, 6, " MiB", digits=1)
        self.at_most("base memory: RSS", rss / MEBIBYTE, 28, " MiB", digits=1)

    def add(self, what, measured, bar, held):
        self.bars.append(Bar(what, measured, bar, held))

    @property
    def all_held(self):
        return all(bar.held is not False for bar in self.bars)

    def print(self):
        if self.figures:
            print()
            print_table([figure_header(self.yardstick)] + [figure_row(*figure) for figure in self.figures], right_from=2)
        print()
        marks = {True: "✓", False: "✗ missed", None: "not measured here"}
        print_table([["what", "measured", "bar", ""]]
                    + [[bar.what, bar.measured, bar.bar, marks[bar.held]] for bar in self.bars], right_from=99)

    def write_json(self, path):
        figures = [{"scenario": scenario, "name": name, **asdict(sample)} for scenario, name, sample, _ in self.figures]
        found = {"figures": figures, "bars": [asdict(bar) for bar in self.bars]}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=2, ensure_ascii=False)
            file.write("\n")


def figure_header(yardstick):
    return ["scenario", "server", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", f"× {yardstick}", "RSS MiB",
            "RssAnon MiB", "flushes/request"]


def figure_row(scenario, name, sample, reference):
    ratio = f"{sample.cpu_us_per_request / reference.cpu_us_per_request:.2f}" if reference else ""
    flushes = f"{sample.flushes_per_request:.3f}" if sample.flushes_per_request else ""
    return [scenario, name, f"{sample.requests_per_second:,.0f}", f"{sample.p50_us / 1000:.2f}",
            f"{sample.p99_us / 1000:.2f}", f"{sample.cpu_us_per_request:.1f}", ratio, f"{sample.rss / MEBIBYTE:.1f}",
            f"{sample.rss_anon / MEBIBYTE:.1f}", flushes]


def print_table(rows, right_from):
    """A Markdown table that is also straight in a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rule = ["-" * (width if column < right_from else width - 1) + ("" if column < right_from else ":")
            for column, width in enumerate(widths)]
    for row in [rows[0], rule] + rows[1:]:
        cells = [cell.rjust(width) if column >= right_from else cell.ljust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        print("| " + " | ".join(cells) + " |")
