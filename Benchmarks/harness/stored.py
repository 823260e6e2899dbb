# SPDX-License-Identifier: Apache-2.0
"""What a data directory says of a group: read from the file, as no API tells it."""

import json
import sqlite3
import struct
from contextlib import closing

PARTITIONS = 64
POSITION_MASK = (1 << 46) - 1


def open_database(data):
    database = sqlite3.connect(f"file:{data}/outrigger.db?mode=rw", uri=True, timeout=10)
    database.execute("PRAGMA query_only = 1")
    return closing(database)


class SavedCheckpoints:
    """How far a group was in each partition of a topic when this was read."""

    def __init__(self, data, consumer):
        with open_database(data) as database:
            rows = database.execute(
                "SELECT partition, position, owed FROM event_checkpoints WHERE consumer = ?", [consumer]).fetchall()
        self.rows = {partition: (position, {row[0] for row in struct.iter_unpack("<qI", owed)})
                     for partition, position, owed in rows}

    def cover(self, key, position):
        """Whether the event counts as done, so that it mustn't come again."""
        saved, owed = self.rows.get(partition_of(key), (0, set()))
        return position <= saved and position not in owed


def positions_of_numbers(data):
    """Where the event of each key and number is in the log."""
    with open_database(data) as database:
        rows = database.execute("SELECT key, event_key, data FROM events").fetchall()
    return {(key, json.loads(data)["data"]["number"]): row & POSITION_MASK for row, key, data in rows}


def partition_of(key):
    """The partition of a key: FNV-1a with 64 bits, folded."""
    value = 0xcbf29ce484222325
    for byte in key.encode():
        value = (value ^ byte) * 0x100000001b3 & (1 << 64) - 1
    return (value ^ value >> 32) % PARTITIONS
