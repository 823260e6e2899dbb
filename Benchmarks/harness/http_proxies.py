# SPDX-License-Identifier: Apache-2.0
"""Two nginx with 100-byte answers, and what splits requests between them: nginx, HAProxy, Envoy and Outrigger.

Each proxy has one thread, keeps its connections on both sides and writes no access log. No process is bound to a core.
"""

import json
import re
from contextlib import ExitStack, contextmanager

from harness.processes import LoggedProcess, Nginx, free_port, program
from harness.redis_proxies import socket_address

# Nine of ten requests go to the first.
WEIGHTS = {"v1": 90, "v2": 10}
# As many connections as any scenario opens, and theirs to the backends.
CONNECTIONS_MAX = 8000
COUNT_PATH = "/requests-taken"


class Backend(Nginx):
    """A version of the app: it answers with its name, in 100 bytes."""

    connections_max = CONNECTIONS_MAX

    def __init__(self, bench, name):
        super().__init__(bench.folder / f"backend-{name}")
        self.name = name

    def location(self):
        return f"default_type text/plain; return 200 '{self.name} {'.' * (99 - len(self.name))}';"

    def more_locations(self):
        return f"location = {COUNT_PATH} {{ stub_status; }}"

    def requests_taken(self):
        """How many requests it has had, this one too: the third number of the line that has only numbers."""
        _, body = self.request("GET", COUNT_PATH)
        return int(re.search(rb"^ \d+ \d+ (\d+)", body, re.MULTILINE)[1])


class NginxSplit(Nginx):
    """nginx as its documentation says: split_clients, and upstreams with keepalive.

    What it splits by is another in each request and costs little: a draw of $request_id would be dearer.
    """

    connections_max = CONNECTIONS_MAX

    def __init__(self, bench, backends):
        super().__init__(bench.folder / "proxy")
        self.backends = backends

    def upstream(self):
        upstreams = " ".join(
            f"upstream {backend.name} {{ server 127.0.0.1:{backend.port}; keepalive 128; "
            "keepalive_requests 1000000000; }"
            for backend in self.backends)
        return f"{upstreams} split_clients $connection-$connection_requests $version {{ 90% v1; * v2; }}"

    def location(self):
        # Large bodies stream, as they do through the others.
        return 'proxy_pass http://$version; proxy_http_version 1.1; proxy_set_header Connection ""; ' \
               "proxy_request_buffering off; proxy_max_temp_file_size 0; client_max_body_size 0;"


class HAProxy(LoggedProcess):
    """Debian's HAProxy with one backend of two servers with weights."""

    def __init__(self, bench, backends):
        super().__init__(bench, "haproxy")
        self.backends = backends

    def start(self):
        servers = "\n".join(
            f"    server {backend.name} 127.0.0.1:{backend.port} weight {WEIGHTS[backend.name]}"
            for backend in self.backends)
        configuration = self.write("haproxy.cfg", f"""\
global
    nbthread 1
    maxconn {CONNECTIONS_MAX}
defaults
    mode http
    http-reuse always
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend web
    bind 127.0.0.1:{self.port}
    default_backend web
backend web
    balance roundrobin
{servers}
""")
        self.launch([program("haproxy"), "-db", "-f", configuration])
        self.wait_until_ready("/", 200)


class EnvoyHTTP(LoggedProcess):
    """Envoy with one worker, as its advice for benchmarks says: no request ids, no dynamic statistics, no limits."""

    def __init__(self, bench, backends):
        super().__init__(bench, "envoy")
        self.program, self.backends = bench.envoy, backends

    def start(self):
        resources = {"static_resources": {
            "listeners": [self.listener()], "clusters": [cluster_of(backend) for backend in self.backends]}}
        configuration = self.write("envoy.json", json.dumps(resources, indent=2))
        self.launch([self.program, "-c", configuration, "--concurrency", 1, "--disable-hot-restart", "-l", "error"])
        self.wait_until_ready("/", 200)

    def listener(self):
        clusters = [{"name": name, "weight": weight} for name, weight in WEIGHTS.items()]
        route = {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": clusters}, "timeout": "0s"}}
        router = {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                             "dynamic_stats": False},
        }
        manager = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
                     "HttpConnectionManager",
            "stat_prefix": "web", "generate_request_id": False, "http_filters": [router],
            "route_config": {"virtual_hosts": [{"name": "web", "domains": ["*"], "routes": [route]}]},
        }
        filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
        return {"name": "web", "address": socket_address(self.port), "filter_chains": [{"filters": filters}]}


def cluster_of(backend):
    endpoint = {"endpoint": {"address": socket_address(backend.port)}}
    unlimited = {"max_connections": 1 << 30, "max_pending_requests": 1 << 30, "max_requests": 1 << 30}
    return {
        "name": backend.name, "type": "STATIC", "connect_timeout": "1s",
        "circuit_breakers": {"thresholds": [unlimited]},
        "load_assignment": {"cluster_name": backend.name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


class AmbassadorHTTP(LoggedProcess):
    """Outrigger as a proxy alone. `route` is what else stands in the route, in YAML's short form."""

    def __init__(self, bench, backends, name="outrigger", weights=None, route="", upstreams=None):
        super().__init__(bench, name)
        self.binary, self.backends, self.route = bench.binary, backends, route
        self.weights, self.upstreams = dict(weights or WEIGHTS), dict(upstreams or {})

    def start(self):
        self.configure()
        self.launch([self.binary, "run", "--config", self.folder / "outrigger.yaml", "-M", free_port()])
        self.wait_until_ready("/", 200)

    def configure(self):
        """Writes its file; who runs already doesn't read it before it is told or has looked."""
        ports = {**{backend.name: backend.port for backend in self.backends}, **self.upstreams}
        upstreams = "\n".join(f"        {name}: {{servers: [\"127.0.0.1:{port}\"]}}" for name, port in ports.items())
        split = ", ".join(f"{name}: {weight}" for name, weight in self.weights.items())
        more = f", {self.route}" if self.route else ""
        self.write("outrigger.yaml", f"""\
api: {{enabled: false}}
ambassador:
  http:
    web:
      listen: 127.0.0.1:{self.port}
      routes:
        everything: {{match: {{path: /}}, split: {{{split}}}{more}}}
      upstreams:
{upstreams}
""")


@contextmanager
def backends(bench, kind=Backend):
    """Two of them, v1 and v2."""
    with ExitStack() as stack:
        yield [stack.enter_context(kind(bench, name)) for name in WEIGHTS]


@contextmanager
def proxies(bench, kinds=(NginxSplit, HAProxy, EnvoyHTTP, AmbassadorHTTP), backend=Backend):
    """One of each kind before the same backends, by its name."""
    with backends(bench, backend) as versions, ExitStack() as stack:
        started = [stack.enter_context(kind(bench, versions)) for kind in kinds]
        yield {proxy.name: proxy for proxy in started}
