# SPDX-License-Identifier: Apache-2.0
"""Three redis-servers, and what can stand before them: nutcracker, Envoy and Outrigger, each with one event loop.

No process is bound to a core. With a core for the proxy alone, the redis-servers and the generator share what is left of
two: then they hold up the faster proxies, whose batches shrink and whose cost for each request rises. The kernel's own
placing repeated as well.
"""

import json
import socket
import time
from contextlib import ExitStack, contextmanager

from harness.processes import READY_SECONDS_MAX, LoggedProcess, MeasurementFailed, free_port, program

SHARDS = 3


class RedisProcess(LoggedProcess):
    """Anything that speaks Redis' protocol on a port of its own."""

    def launch(self, command):
        super().launch(command)
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        """Returns when a GET is answered without an error."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise MeasurementFailed(f"{self.name} ended with status {self.process.returncode}: {self.last_words()}")
            try:
                if all(self.ask("GET", f"ready:{number}").startswith(b"$") for number in range(16)):
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise MeasurementFailed(f"{self.name} wasn't ready within {READY_SECONDS_MAX} s: {self.last_words()}")

    def ask(self, *words):
        """What comes in answer to one command, as far as the first read goes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(command_of(*words))
            return connection.recv(65536)


class RedisServer(RedisProcess):
    """A redis-server that keeps everything in memory only."""

    def __init__(self, bench, number):
        super().__init__(bench, f"server{number}")

    def start(self):
        self.launch(["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                     "--io-threads", "1", "--dir", self.folder])


class Nutcracker(RedisProcess):
    """Debian's nutcracker with the mbuf size that is its default."""

    def __init__(self, bench, shards):
        super().__init__(bench, "nutcracker")
        self.shards = shards

    def start(self):
        servers = "\n".join(f"    - 127.0.0.1:{shard.port}:1 {shard.name}" for shard in self.shards)
        configuration = self.write("nutcracker.yml", f"""\
cache:
  listen: 127.0.0.1:{self.port}
  hash: murmur
  distribution: ketama
  redis: true
  servers:
{servers}
""")
        self.launch([program("nutcracker"), "-c", configuration, "-m", 16384, "-a", "127.0.0.1", "-s", free_port()])


class Envoy(RedisProcess):
    """Envoy's Redis proxy with one worker.

    `flush_bytes` are gathered before they are sent to a shard, for 3 ms at most: its documentation recommends 1024 for
    pipelines. Where clients wait for each answer that would only delay, so there it is off, as by default.
    """

    def __init__(self, bench, shards, flush_bytes):
        super().__init__(bench, "envoy")
        self.program, self.shards, self.flush_bytes = bench.envoy, shards, flush_bytes

    def start(self):
        settings = {"op_timeout": "5s"}
        if self.flush_bytes:
            settings |= {"max_buffer_size_before_flush": self.flush_bytes, "buffer_flush_timeout": "0.003s"}
        proxy = {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.redis_proxy.v3.RedisProxy",
            "stat_prefix": "redis", "settings": settings,
            "prefix_routes": {"catch_all_route": {"cluster": "shards"}},
        }
        listener = {
            "name": "redis", "address": socket_address(self.port),
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.redis_proxy", "typed_config": proxy}]}],
        }
        endpoints = [{"endpoint": {"address": socket_address(shard.port)}} for shard in self.shards]
        cluster = {
            "name": "shards", "type": "STATIC", "connect_timeout": "1s", "lb_policy": "MAGLEV",
            "load_assignment": {"cluster_name": "shards", "endpoints": [{"lb_endpoints": endpoints}]},
        }
        resources = {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
        configuration = self.write("envoy.json", json.dumps(resources, indent=2))
        self.launch([self.program, "-c", configuration, "--concurrency", 1, "--disable-hot-restart", "-l", "error"])


class Ambassador(RedisProcess):
    """Outrigger as a proxy alone."""

    def __init__(self, bench, shards, loops=1):
        super().__init__(bench, f"outrigger-{loops}")
        self.binary, self.shards, self.loops = bench.binary, shards, loops

    def start(self):
        servers = "\n".join(f'        {shard.name}: "127.0.0.1:{shard.port}"' for shard in self.shards)
        configuration = self.write("outrigger.yaml", f"""\
api: {{enabled: false}}
ambassador:
  loops: {self.loops}
  redis:
    cache:
      listen: 127.0.0.1:{self.port}
      ring: ketama
      hash: murmur
      servers:
{servers}
""")
        self.launch([self.binary, "run", "--config", configuration, "-M", free_port()])


def socket_address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def command_of(*words):
    """A command as Redis' protocol writes it."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(parts)


@contextmanager
def redis_servers(bench):
    """Three of them, named server1 to server3."""
    with ExitStack() as stack:
        yield [stack.enter_context(RedisServer(bench, number)) for number in range(1, SHARDS + 1)]
