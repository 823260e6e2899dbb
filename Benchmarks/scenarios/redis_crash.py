# SPDX-License-Identifier: Apache-2.0
"""Kills a redis-server under load, again and again, while every reply is checked."""

import socket
import time

from harness.generator import Generator, require_clean, seed
from harness.processes import MeasurementFailed
from harness.redis_proxies import Ambassador, command_of, redis_servers

BEFORE_SECONDS = 0.5
GONE_SECONDS = 0.5
LOAD_SECONDS = 3


def crash(bench, report):
    """Nobody gets another's answer, only the killed server's keys fail, no client is closed, and all of it heals."""
    loads = [Generator(bench, "load", connections=40, pipeline=32, seconds=LOAD_SECONDS),
             Generator(bench, "load", connections=10, pipeline=4, keys_per_read=8, get_percent=80,
                       seconds=LOAD_SECONDS, seed=2)]
    totals = {"requests": 0, "wrong": 0, "errors": 0, "closed": 0, "unanswered": 0}
    strangers, unhealed = 0, 0
    with redis_servers(bench) as shards, Ambassador(bench, shards) as outrigger:
        for kill in range(bench.kills):
            seed(bench, outrigger.port)
            victim = shards[kill % len(shards)]
            its_keys = keys_on(victim)
            results = kill_under_load(outrigger, victim, loads)
            for name in totals:
                totals[name] += sum(result[name] for result in results)
            # An MGET that fails names only its first key, so the single-key clients tell whose keys failed.
            strangers += sum(f"key:{key:012}" not in its_keys for key in results[0]["failed_keys"])
            say_outcome(bench, victim, results)
            unhealed += not heals(bench, outrigger)
    bench.say(f"{bench.kills} kills, {totals['requests']:,} replies, {totals['errors']:,} errors")
    what = f"kill -9 of a shard under load, {bench.kills} times"
    report.add(f"{what}: replies that were another's", f"{totals['wrong']} of {totals['requests']:,}", "none",
               totals["wrong"] == 0 and totals["requests"] > 0)
    # Without an error nothing was on the killed server, and nothing was shown.
    report.add(f"{what}: failed though on another server", f"{strangers} of {totals['errors']:,}", "none",
               strangers == 0 and totals["errors"] > 0)
    lost = totals["closed"] + totals["unanswered"]
    report.add(f"{what}: clients closed, requests unanswered", f"{totals['closed']}, {totals['unanswered']}", "none",
               lost == 0)
    report.add(f"{what}: keys that fail after the server is back", f"{unhealed} times", "none", unhealed == 0)


def kill_under_load(outrigger, victim, loads):
    running = [load.begin(outrigger.port) for load in loads]
    time.sleep(BEFORE_SECONDS)
    victim.kill()
    time.sleep(GONE_SECONDS)
    victim.start()
    return [load.finish(process) for load, process in zip(loads, running)]


def say_outcome(bench, victim, results):
    found = results[0]
    bench.say(f"{victim.name} killed: {found['requests']:,} replies, {found['errors']:,} errors "
              f"({found['first_error']}), {found['wrong']} wrong {found['first_wrong'][:80]}")


def heals(bench, outrigger):
    """Whether every key can be saved again within some seconds."""
    generator = Generator(bench, "seed")
    for _ in range(10):
        try:
            require_clean(generator.finish(generator.begin(outrigger.port)))
            return True
        except MeasurementFailed as failure:
            bench.say(f"not yet: {failure}")
            time.sleep(0.5)
    return False


def keys_on(server):
    """The names of all keys on one redis-server."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(command_of("KEYS", "key:*"))
        reader = connection.makefile("rb")
        count = int(reader.readline()[1:])
        return {reader.read(int(reader.readline()[1:]) + 2)[:-2].decode() for _ in range(count)}
