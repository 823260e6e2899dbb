# SPDX-License-Identifier: Apache-2.0
"""Two hops before an app: a sidecar on each side of a call, and beside them two of nginx."""

from contextlib import ExitStack, contextmanager

from harness.processes import Nginx, Outrigger


class CalledSidecar(Outrigger):
    """A sidecar beside an app that something else has started."""

    def __init__(self, binary, data, app_id, app_port):
        super().__init__(binary, data, app_id)
        self.app_port = app_port

    def arguments(self):
        return ["-p", str(self.app_port)]


class NginxProxy(Nginx):
    """One nginx worker that passes each request on to another port, over connections that it keeps."""

    def __init__(self, folder, target):
        super().__init__(folder)
        self.target = target

    def upstream(self):
        return f"upstream next {{ server 127.0.0.1:{self.target}; keepalive 128; keepalive_requests 1000000000; }}"

    def location(self):
        return 'proxy_pass http://next; proxy_http_version 1.1; proxy_set_header Connection "";'


class Together:
    """Several processes that answer a request between them: their costs are added."""

    def __init__(self, *processes):
        self.processes = processes

    def cpu_seconds(self):
        return sum(process.cpu_seconds() for process in self.processes)

    def memory_bytes(self):
        return tuple(map(sum, zip(*(process.memory_bytes() for process in self.processes))))


@contextmanager
def sidecars(bench, name, app_port):
    """The sidecars of the app `caller` and of the app `callee`, which is on `app_port`; both are ready."""
    data = bench.folder / name
    with Outrigger(bench.binary, data, "caller") as caller, \
            CalledSidecar(bench.binary, data, "callee", app_port) as callee:
        callee.wait_until_ready("/v1.0/healthz", 204)
        yield caller, callee


@contextmanager
def proxies(bench, name, app_port):
    with ExitStack() as stack:
        second = stack.enter_context(NginxProxy(bench.folder / f"{name}-second", app_port))
        first = stack.enter_context(NginxProxy(bench.folder / f"{name}-first", second.port))
        yield first, second


METHOD = "/v1.0/invoke/callee/method/"
