-- Sets an amount aside on every level, or on none; an amount of 0 gives it back.
--
-- ARGV     now in ms, name of the process, the hold, nano-USD, when it ends in ms,
--          then for each level: counter, how long it is kept in ms (0: for ever), limit in nano-USD or nothing
-- Beside KEYS[1]: counters, `hh` and `hx` (`head.lua`)
-- Reply    how often this process called, position of the first level without room or -1, then c h i o r u of each level

local id, amount, untilMs = ARGV[3], ARGV[4], ARGV[5]
local calls = tryWriting()
call('ZADD', base .. 'hx', '+inf', '')
call('ZREM', base .. 'hx', '')
endHolds()

local function levels()
  local found = {}
  for at = 6, #ARGV, 3 do
    found[#found + 1] = openCounter(ARGV[at], tonumber(ARGV[at + 1]))
    found[#found].limit = ARGV[at + 2] ~= '' and ARGV[at + 2] or '9223372036854775807'
  end
  return found
end

local function hasRoom(level)
  local heldHigh, heldLow = halvesOf(level.h)
  local moreHigh, moreLow = halvesOf(amount)
  local high, low = carried(level.high + heldHigh + moreHigh, level.low + heldLow + moreLow)
  local limitHigh, limitLow = halvesOf(level.limit)
  return high < limitHigh or (high == limitHigh and low <= limitLow)
end

local binding = -1
local known = call('HMGET', base .. 'hh', id)[1]
if amount == '0' then
  if known then endHold(id) end
elseif not known then
  local found, names = levels(), { amount }
  for position, level in ipairs(found) do
    if binding < 0 and not hasRoom(level) then binding = position - 1 end
    names[#names + 1] = ARGV[3 + 3 * position]
  end
  if binding < 0 then
    for _, level in ipairs(found) do
      call('HINCRBY', level.key, 'h', amount)
      if level.isNew and 0 < level.keepMs then call('PEXPIRE', level.key, level.keepMs) end
    end
    call('HSET', base .. 'hh', id, concat(names, ' '))
    call('ZADD', base .. 'hx', untilMs, id)
  end
end

local replies = { calls, binding }
for _, level in ipairs(levels()) do tellCounter(level, replies) end
return replies
