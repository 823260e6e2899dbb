-- SPDX-License-Identifier: Apache-2.0
-- usage: wrk … -s get.lua URL -- KEYS     GETs random keys key-0 … key-(KEYS-1); the same key always when KEYS is 1.
dofile(os.getenv("BENCH_LUA") .. "/report.lua")

function init(arguments)
  keys = tonumber(arguments[1])
  math.randomseed(os.time() + tonumber(tostring({}):sub(8)))
  path = wrk.path
  fixed = wrk.format("GET", path .. "key-0")
end

function request()
  if keys == 1 then return fixed end
  return wrk.format("GET", path .. "key-" .. math.random(0, keys - 1))
end
