# SPDX-License-Identifier: Apache-2.0
"""New configurations under load, one after the other: each must apply, and no request may fail."""

import signal
import statistics
import time

from harness.http_proxies import AmbassadorHTTP, backends
from harness.load import Load
from harness.processes import MeasurementFailed
from scenarios.http_load import CONNECTIONS, HEADERS, url_of

APPLIED_SECONDS_MAX = 5
# The load ends as soon as the reloads do.
LOAD_SECONDS_MAX = 300
# Some of the load's requests must fall between two configurations.
PAUSE_SECONDS = 0.02


def reload(bench, report):
    """Everything goes to v1, then everything to v2, and so on."""
    with backends(bench) as versions, AmbassadorHTTP(bench, versions, weights={"v1": 1}) as proxy:
        load = Load("report.lua", CONNECTIONS, LOAD_SECONDS_MAX, headers=HEADERS)
        running = load.begin(url_of(proxy))
        time.sleep(0.2)
        began = time.monotonic()
        try:
            taken = [change(proxy, versions[(turn + 1) % 2].name) for turn in range(bench.reloads)]
        except MeasurementFailed:
            running.kill()
            raise
        lasted = time.monotonic() - began
        running.send_signal(signal.SIGINT)
        result = load.result(running)
    bench.say(f"{bench.reloads} reloads in {lasted:.1f} s; each applied within "
              f"{statistics.median(taken) * 1000:.0f} ms (median), {max(taken) * 1000:.0f} ms (longest)")
    report.add(f"{bench.reloads} reloads under load: failed requests", f"{result['errors']} of {result['requests']:,}",
               "none", result["errors"] == 0 and result["requests"] > 0)


def change(proxy, version):
    """Gives everything to one version; returns the seconds until a request was answered by it."""
    time.sleep(PAUSE_SECONDS)
    proxy.weights = {version: 1}
    proxy.configure()
    began = time.monotonic()
    proxy.process.send_signal(signal.SIGHUP)
    while time.monotonic() - began < APPLIED_SECONDS_MAX:
        status, body = proxy.request("GET", "/")
        if status != 200:
            raise MeasurementFailed(f"a request during a reload answered {status}: {body[:100]!r}")
        if body.startswith(version.encode()):
            return time.monotonic() - began
        time.sleep(0.001)
    raise MeasurementFailed(
        f"{version} didn't answer within {APPLIED_SECONDS_MAX} s of the reload: {proxy.last_words()}")
