-- SPDX-License-Identifier: Apache-2.0
-- usage: wrk … -s publish.lua URL -- KEYS RATE
-- Publishes events of about 100 bytes that say when they were sent, in milliseconds: with keys 0 … KEYS-1 in turn, or
-- without one if KEYS is 0; RATE in a second whatever the answers do, or as fast as they come if RATE is 0.
dofile(os.getenv("BENCH_LUA") .. "/report.lua")

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long micros; } bench_time; int gettimeofday(bench_time *, void *);")
local clock = ffi.new("bench_time")

local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + tonumber(clock.micros) / 1000
end

function init(arguments)
  keys, rate = tonumber(arguments[1]), tonumber(arguments[2])
  headers = { ["Content-Type"] = "application/json" }
  body = '{"order":12345,"text":"' .. string.rep("v", 75) .. '"}'
  count, slots = 0, 0
  if rate > 0 then delay = until_next_slot end
end

-- Each request has its own moment, so that one that is late doesn't push back those after it.
function until_next_slot()
  first = first or now()
  slots = slots + 1
  return math.max(0, math.floor(first + slots * 1000 / rate - now()))
end

function request()
  count = count + 1
  local query = string.format("?metadata.sent=%.3f", now())
  if keys > 0 then query = query .. "&metadata.partitionKey=key-" .. count % keys end
  return wrk.format("POST", wrk.path .. query, headers, body)
end
