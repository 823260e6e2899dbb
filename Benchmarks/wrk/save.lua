-- SPDX-License-Identifier: Apache-2.0
-- usage: wrk … -s save.lua URL -- KEYS     saves a 100-byte value under random keys key-0 … key-(KEYS-1).
dofile(os.getenv("BENCH_LUA") .. "/report.lua")

function init(arguments)
  keys = tonumber(arguments[1])
  math.randomseed(os.time() + tonumber(tostring({}):sub(8)))
  headers = { ["Content-Type"] = "application/json" }
  value = '"' .. string.rep("v", 98) .. '"'
end

function request()
  local body = '[{"key":"key-' .. math.random(0, keys - 1) .. '","value":' .. value .. "}]"
  return wrk.format("POST", nil, headers, body)
end
