-- Sets an amount aside on every level, or on none; an amount of 0 gives it back.
--
-- KEYS[1]  <prefix>{<tenant>}:q   hash: how often each process called
-- ARGV     now in ms, name of the process, the hold, nano-USD, when it ends in ms,
--          then for each level: counter, how long it is kept in ms (0: for ever), limit in nano-USD or nothing
-- Beside KEYS[1]: w:<counter> of `charge.lua`, and
--   hh  hash: hold -> its amount and its counters, with spaces between
--   hx  sorted set: holds by the ms of their end
-- Reply    how often this process called, position of the first level without room or -1, then c h i o r u of each level

local base = string.sub(KEYS[1], 1, -2)
local now, process, id, amount, untilMs = math.floor(tonumber(ARGV[1])), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
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
call('PEXPIRE', KEYS[1], 35 * 24 * 3600000)
call('ZADD', base .. 'hx', '+inf', '')
call('ZREM', base .. 'hx', '')
call('ZRANGEBYSCORE', base .. 'hx', 0, 0, 'LIMIT', 0, 1)

-- Holds that are over.
for _, id in ipairs(call('ZRANGEBYSCORE', base .. 'hx', '-inf', now)) do
  local hold = call('HGET', base .. 'hh', id)
  if hold then
    local set
    for part in string.gmatch(hold, '[^ ]+') do
      local key = base .. 'w:' .. part
      if not set then set = part elseif call('EXISTS', key) == 1 then call('HINCRBY', key, 'h', '-' .. set) end
    end
  end
  call('HDEL', base .. 'hh', id)
  call('ZREM', base .. 'hx', id)
end

-- Amounts as two numbers of nine and more digits: sums above 2^53 stay exact.
local function halves(text)
  return tonumber(string.sub(text, 1, -10)) or 0, tonumber(string.sub(text, -9))
end

local function passes(limit, ...)
  local high, low = 0, 0
  for _, text in ipairs({ ... }) do
    local more, rest = halves(text)
    high, low = high + more, low + rest
  end
  high, low = high + math.floor(low / 1e9), low % 1e9
  local limitHigh, limitLow = halves(limit)
  return limitHigh < high or (limitHigh == high and limitLow < low)
end

local binding = -1
local known = call('HGET', base .. 'hh', id)
if amount == '0' then
  if known then
    local held
    for part in string.gmatch(known, '[^ ]+') do
      if held then call('HINCRBY', base .. 'w:' .. part, 'h', '-' .. held) else held = part end
    end
    call('HDEL', base .. 'hh', id)
    call('ZREM', base .. 'hx', id)
  end
elseif not known then
  local names = { amount }
  for at = 6, #ARGV, 3 do
    local state = call('HMGET', base .. 'w:' .. ARGV[at], 'c', 'h')
    local limit = ARGV[at + 2] ~= '' and ARGV[at + 2] or '9223372036854775807'
    if binding < 0 and passes(limit, state[1] or '0', state[2] or '0', amount) then binding = (at - 6) / 3 end
    names[#names + 1] = ARGV[at]
  end
  if binding < 0 then
    for at = 6, #ARGV, 3 do
      local key = base .. 'w:' .. ARGV[at]
      call('HINCRBY', key, 'h', amount)
      if 0 < tonumber(ARGV[at + 1]) and call('PTTL', key) < 0 then call('PEXPIRE', key, ARGV[at + 1]) end
    end
    call('HSET', base .. 'hh', id, table.concat(names, ' '))
    call('ZADD', base .. 'hx', untilMs, id)
  end
end

local replies = { calls, binding }
for at = 6, #ARGV, 3 do
  for _, value in ipairs(call('HMGET', base .. 'w:' .. ARGV[at], 'c', 'h', 'i', 'o', 'r', 'u')) do
    replies[#replies + 1] = value or '0'
  end
end
return replies
