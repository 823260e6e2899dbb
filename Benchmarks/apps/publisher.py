# SPDX-License-Identifier: Apache-2.0
"""usage: publisher.py PORT FILE TOPIC KEYS RATE

Publishes rising numbers under each key, one at a time, RATE in a second over all keys or as fast as they are
acknowledged if RATE is 0. Each number is noted in FILE before it is sent and when it is acknowledged; one whose answer
never came isn't sent again. A new life goes on behind the last number of the one before.
"""

import http.client
import json
import os
import sys
import threading
import time
from pathlib import Path

PORT, FILE, TOPIC, KEYS, RATE = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
NOTES = os.open(FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)


def last_numbers():
    numbers = {}
    for line in Path(FILE).read_text().splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[0] == "sent":
            numbers[fields[1]] = int(fields[2])
    return numbers


def note(what, key, number):
    os.write(NOTES, f"{what} {key} {number}\n".encode())


def publish(key, number):
    connection = None
    while True:
        number += 1
        began = time.monotonic()
        try:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
                connection.connect()
            note("sent", key, number)
            body = json.dumps({"key": key, "number": number})
            connection.request("POST", f"/v1.0/publish/pubsub/{TOPIC}?metadata.partitionKey={key}", body,
                               {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status == 204:
                note("acknowledged", key, number)
        except (OSError, http.client.HTTPException):
            if connection is not None:
                connection.close()
            connection = None
            time.sleep(0.02)
        if RATE > 0:
            time.sleep(max(0, began + KEYS / RATE - time.monotonic()))


# A line that a kill tore must not run into the next one.
os.write(NOTES, b"\n")
KNOWN = last_numbers()
for index in range(KEYS):
    name = f"key-{index}"
    threading.Thread(target=publish, args=(name, KNOWN.get(name, 0))).start()
