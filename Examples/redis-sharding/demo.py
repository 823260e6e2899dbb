#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows three redis-servers behind one address: redis-cli and redis-benchmark don't know, and a death stays small.

usage: demo.py [--once] [--binary FILE]     (./scripts/demo redis-sharding builds the binary first)
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from stage import (  # noqa: E402
    READY_SECONDS_MAX, DemoFailed, Server, expect_equal, free_port, memory_of, perform, play)

FRUITS = 30
BENCHMARK_REQUESTS = 100_000


def redis_server(name, port, folder):
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return Server(name, port, folder, command, answers=pongs)


def ambassador(binary, port, admin_port, shards, folder):
    """The file of this folder; where its ports are taken, the environment says others."""
    environment = {"OUTRIGGER_AMBASSADOR_REDIS_CACHE_LISTEN": f"127.0.0.1:{port}"}
    for shard in shards:
        name = shard.name.upper().replace("-", "_")
        environment[f"OUTRIGGER_AMBASSADOR_REDIS_CACHE_SERVERS_{name}"] = f"127.0.0.1:{shard.port}"
    command = [str(binary), "run", "--config", str(HERE / "outrigger.yaml"), "-M", str(admin_port)]
    return Server("ambassador", port, folder, command, answers=pongs, environment=environment)


def pongs(port):
    return cli(port, "ping") == "PONG"


def cli(port, *words):
    """What redis-cli prints, errors too."""
    found = subprocess.run(["redis-cli", "-p", str(port), *map(str, words)], capture_output=True, text=True, timeout=30)
    return (found.stdout + found.stderr).strip()


def begin(narrator, shards, proxy):
    narrator.step("Three redis-servers start, and the ambassador before them")
    for shard in shards:
        narrator.done(f"{shard.name} on port {shard.port}", shard.start())
    narrator.done(f"the ambassador on port {proxy.port}, as outrigger.yaml says", proxy.start())


def use(narrator, shards, proxy):
    narrator.step("redis-cli talks to one Redis, as it thinks")
    for number in range(FRUITS):
        expect_equal(cli(proxy.port, "set", f"fruit:{number}", f"apple {number}"), "OK", "SET")
    narrator.done(f"{FRUITS} times SET fruit:N")
    expect_equal(cli(proxy.port, "get", "fruit:7"), "apple 7", "GET fruit:7")
    keys = [f"fruit:{number}" for number in range(FRUITS)]
    expect_equal(cli(proxy.port, "mget", *keys).splitlines(), [f"apple {number}" for number in range(FRUITS)], "MGET")
    narrator.done(f"MGET of all {FRUITS}: split, asked of three servers at once, answered in order")
    shares = [int(cli(shard.port, "dbsize")) for shard in shards]
    expect_equal(sum(shares), FRUITS, "the keys of all servers")
    narrator.done("the keys are on " + ", ".join(f"{shard.name}: {share}" for shard, share in zip(shards, shares)))
    expect_equal(int(cli(proxy.port, "del", *keys)), FRUITS, "DEL")
    narrator.done(f"DEL of all {FRUITS} counts {FRUITS}")


def load(narrator, proxy):
    narrator.step("redis-benchmark drives it")
    command = ["redis-benchmark", "-p", str(proxy.port), "-t", "set,get", "-n", str(BENCHMARK_REQUESTS), "-r", "100000",
               "-c", "50", "-P", "16", "--csv"]
    narrator.aside("$ " + " ".join(command))
    found = subprocess.run(command, capture_output=True, text=True, timeout=120)
    rows = [line.replace('"', "").split(",") for line in found.stdout.splitlines()]
    rates = {row[0]: float(row[1]) for row in rows if len(row) > 1 and row[0] in ("SET", "GET")}
    expect_equal(sorted(rates), ["GET", "SET"], f"the commands that redis-benchmark measured ({found.stderr.strip()})")
    for name, rate in rates.items():
        narrator.done(f"{name}: {rate:,.0f} requests/s")
    narrator.aside(f"the ambassador takes {memory_of(proxy.process.pid):.0f} MiB of memory")


def survive(narrator, shards, proxy):
    victim = shards[1]
    narrator.step(f"{victim.name} is killed (SIGKILL)")
    lost, kept = keys_of(victim, proxy), keys_of(shards[0], proxy)
    victim.kill()
    answer = cli(proxy.port, "get", lost)
    if victim.name not in answer or "ERR" not in answer:
        raise DemoFailed(f"GET of a key of {victim.name} answered {answer}")
    narrator.done(f"GET {lost}: {answer}")
    expect_equal(cli(proxy.port, "get", kept), "here", f"GET {kept}")
    narrator.done(f"GET {kept}: here. Only the keys of {victim.name} are away")
    victim.start()
    began = time.monotonic()
    while cli(proxy.port, "set", lost, "here") != "OK":
        if time.monotonic() - began > READY_SECONDS_MAX:
            raise DemoFailed(f"{lost} can't be saved though {victim.name} is back")
        time.sleep(0.02)
    narrator.done(f"{victim.name} is started again, and takes its keys as before", time.monotonic() - began)


def keys_of(shard, proxy):
    """A key, saved through the ambassador, that this server has."""
    for number in range(1000):
        key = f"key:{number}"
        cli(proxy.port, "set", key, "here")
        if cli(shard.port, "exists", key) == "1":
            return key
    raise DemoFailed(f"no key of a thousand is on {shard.name}")


def commands(shards, proxy, admin_port):
    return (
        f"redis-cli -p {proxy.port} set fruit apple",
        f"redis-cli -p {proxy.port} mget fruit vegetable",
        f"redis-benchmark -p {proxy.port} -t get,set -P 32 -q",
        f"redis-cli -p {shards[0].port} dbsize        # {shards[0].name} itself",
        f"curl -s localhost:{admin_port}/metrics | grep outrigger_",
        f"tail -f {proxy.log}",
    )


def run(arguments, narrator):
    with tempfile.TemporaryDirectory(prefix="outrigger-demo-") as name:
        folder, taken = Path(name), set()
        shards = [redis_server(f"redis-{number}", free_port(7000 + number, taken), folder) for number in range(3)]
        admin_port = free_port(9090, taken)
        proxy = ambassador(arguments.binary.resolve(), free_port(6379, taken), admin_port, shards, folder)

        def show():
            begin(narrator, shards, proxy)
            use(narrator, shards, proxy)
            load(narrator, proxy)
            survive(narrator, shards, proxy)

        play(arguments, narrator, [proxy, *shards], show, commands(shards, proxy, admin_port))


if __name__ == "__main__":
    sys.exit(perform(__doc__.splitlines()[0], run))
