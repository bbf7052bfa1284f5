-- What stands in counters of one tenant, without holds that are over.
--
-- KEYS[1]  <prefix>{<tenant>}:q
-- ARGV     now in ms, then the names of the counters
-- Beside KEYS[1]: w:<counter>, hh and hx of `charge.lua`
-- Reply    c h i o r u of each counter

local base = string.sub(KEYS[1], 1, -2)
local now, call = math.floor(tonumber(ARGV[1])), redis.call
-- While a cluster moves the slot, keys may be here or there: both sides refuse two that are nowhere.
call('EXISTS', base .. '-', base .. '--')

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

local replies = {}
for at = 2, #ARGV do
  for _, value in ipairs(call('HMGET', base .. 'w:' .. ARGV[at], 'c', 'h', 'i', 'o', 'r', 'u')) do
    replies[#replies + 1] = value or '0'
  end
end
return replies
