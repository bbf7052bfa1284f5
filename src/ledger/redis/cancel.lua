-- Takes back what was charged for spans; those that were not charged never will be.
--
-- KEYS[1]  <prefix>{<tenant>}:q   hash: how often each process called
-- ARGV     now in ms, name of the process, how long marks are kept in ms,
--          (from here on as in `charge.lua`) number of counters, for each: name, how long it is kept in ms (0: for ever),
--          number of routes, for each: the positions of its counters from 1, joined by commas,
--          then for each span: fingerprint as a signed integer, hour of its end, route,
--          nano-USD, input tokens, output tokens, requests, unpriced
-- Beside KEYS[1]: w:<counter>, d:<hour>, d:<hour>:<buckets>:<bucket> and x:<hour> of `charge.lua`
-- Reply    how often this process called, one letter for each span
--   r reversed, b barred: it was not charged, k known: it was cancelled before

local hourMs = 3600000
local base = string.sub(KEYS[1], 1, -2)
local now, process, keepMs = math.floor(tonumber(ARGV[1])), ARGV[2], math.floor(tonumber(ARGV[3]))
local call = redis.call

-- Every command that follows, done to what nobody needs: without the right to it, or without memory, nothing is half
-- done.
-- While a cluster moves the slot, keys may be here or there: both sides refuse two that are nowhere.
call('EXISTS', base .. '-', base .. '--')
local calls = call('HINCRBY', KEYS[1], process, 1)
call('HSET', KEYS[1], '', '')
call('HGET', KEYS[1], '')
call('HMGET', KEYS[1], '')
call('HDEL', KEYS[1], '')
call('PTTL', KEYS[1])
call('PEXPIRE', KEYS[1], 35 * 24 * hourMs)
call('SADD', base .. 'p', '0')
call('SISMEMBER', base .. 'p', '0')
call('PEXPIRE', base .. 'p', hourMs)

local at = 4
local function nextArgument()
  at = at + 1
  return ARGV[at - 1]
end

local counters, routes = {}, {}
for _ = 1, tonumber(nextArgument()) do
  counters[#counters + 1] = base .. 'w:' .. nextArgument()
  nextArgument()
  -- A key that is no counter is refused here, before anything is done.
  call('HGET', counters[#counters], 'c')
end
for _ = 1, tonumber(nextArgument()) do
  local route = {}
  for position in string.gmatch(nextArgument(), '%d+') do route[#route + 1] = counters[tonumber(position)] end
  routes[#routes + 1] = route
end

local fields = { 'c', 'i', 'o', 'r', 'u' }
local function takeBack(from)
  for _, key in ipairs(routes[tonumber(ARGV[from + 2])]) do
    for index, field in ipairs(fields) do
      local amount = ARGV[from + 2 + index]
      if amount ~= '0' then call('HINCRBY', key, field, '-' .. amount) end
    end
  end
end

local letters, touched = {}, {}
for from = at, #ARGV, 8 do
  local span, hour, letter = ARGV[from], ARGV[from + 1], 'k'
  if call('SADD', base .. 'x:' .. hour, span) == 1 then
    touched[hour] = true
    letter = 'b'
    for buckets in string.gmatch(call('HGET', base .. 'd:' .. hour, 's') or '', '%d+') do
      local bucket = base .. 'd:' .. hour .. ':' .. buckets .. ':' .. (tonumber(string.sub(span, -6)) % buckets)
      if call('SISMEMBER', bucket, span) == 1 then letter = 'r' end
    end
    if letter == 'r' then takeBack(from) end
  end
  letters[#letters + 1] = letter
end
for hour in pairs(touched) do
  local key = base .. 'x:' .. hour
  if call('PTTL', key) < 0 then call('PEXPIRE', key, (hour + 1) * hourMs + keepMs - now) end
end
return { calls, table.concat(letters) }
