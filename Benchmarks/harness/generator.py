# SPDX-License-Identifier: Apache-2.0
"""Drives a Redis proxy with the load generator, which checks every reply; says what the proxy did and what it cost."""

import json
import subprocess

from harness.load import Sample
from harness.processes import MeasurementFailed

KEYS = 100_000


class Generator:
    """One kind of load: `command` is load, seed, large or idle; `options` are its flags without the dashes."""

    def __init__(self, bench, command, **options):
        self.program, self.command = bench.generator, command
        self.options = {"keys": KEYS, **options}

    def begin(self, port, **more):
        command = [str(self.program), self.command, "--port", str(port)]
        for name, value in {**self.options, **more}.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True)

    @staticmethod
    def finish(process):
        """What the generator found, whatever it was."""
        output, _ = process.communicate()
        lines = output.strip().splitlines()
        if process.returncode != 0 or not lines:
            raise MeasurementFailed(f"the load generator said: {output.strip()[:300]}")
        return json.loads(lines[-1])

    def finish_clean(self, process):
        return require_clean(self.finish(process))

    def run(self, port, **more):
        return self.finish_clean(self.begin(port, **more))

    def measure(self, server):
        """One round against one server."""
        cpu = server.cpu_seconds()
        result = self.run(server.port)
        cpu = server.cpu_seconds() - cpu
        rss, rss_anon = server.memory_bytes()
        return Sample(
            requests_per_second=result["requests"] / result["seconds"], p50_us=result["p50_us"],
            p99_us=result["p99_us"], cpu_us_per_request=cpu / result["requests"] * 1e6, rss=rss, rss_anon=rss_anon)


def seed(bench, port, value_bytes=100):
    """Saves every key once."""
    Generator(bench, "seed", value_bytes=value_bytes).run(port)


def require_clean(result):
    """The result itself; a single reply that isn't right fails the measurement."""
    for name, sentence in (("wrong", "first_wrong"), ("errors", "first_error"), ("closed", ""), ("unanswered", "")):
        if result[name]:
            raise MeasurementFailed(f"{result[name]} {name} {result.get(sentence, '')[:200]}".strip())
    if not result["requests"]:
        raise MeasurementFailed("no request was answered")
    return result
