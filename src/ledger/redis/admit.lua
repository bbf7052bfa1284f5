-- Enters tenants into the directory while there is room.
--
-- KEYS[1]  <prefix>{@tenants}:k   sorted set: keys of tenants, all with score 0, so in the order of their bytes
-- KEYS[2]  <prefix>{@tenants}:n   hash: key -> the tenant as it was sent; `` -> how many count towards the bound
-- KEYS[3]  <prefix>{@tenants}:s   sorted set: keys of those that count, by the day on which they were asked for last
-- ARGV     how many may be admitted beside those that always are, the day, the last day of those that are idle,
--          then for each: key, tenant, 1 when it always is
-- Reply    one letter for each: 1 it is in the directory, 0 it is not

local call = redis.call
-- Every command that follows, done to what nobody needs: without the right to it nothing is half done.
call('HINCRBY', KEYS[2], '', 0)
call('HSET', KEYS[2], '-', '')
call('HDEL', KEYS[2], '-')
call('HEXISTS', KEYS[2], '')
for _, key in ipairs({ KEYS[1], KEYS[3] }) do
  call('ZADD', key, 0, '')
  call('ZREM', key, '')
end
call('ZRANGEBYSCORE', KEYS[3], 0, 0, 'LIMIT', 0, 1)

local day, idleDay, idleAtOnce = ARGV[2], ARGV[3], 256
local count, letters = tonumber(call('HMGET', KEYS[2], '')[1]), {}

-- Tenants that were not asked for in a long time give up their places.
local function freePlaces()
  local idle = call('ZRANGEBYSCORE', KEYS[3], '-inf', idleDay, 'LIMIT', 0, idleAtOnce)
  for _, key in ipairs(idle) do
    call('ZREM', KEYS[3], key)
    call('ZREM', KEYS[1], key)
    if call('HDEL', KEYS[2], key) == 1 then count = call('HINCRBY', KEYS[2], '', -1) end
  end
end

if tonumber(ARGV[1]) <= count then freePlaces() end
for at = 4, #ARGV, 3 do
  local key, always = '.' .. ARGV[at], ARGV[at + 2] == '1'
  local known = call('HEXISTS', KEYS[2], key) == 1
  if known then
    -- Only those that count: what is always in the directory has no day.
    call('ZADD', KEYS[3], 'XX', 'GT', day, key)
  elseif always or count < tonumber(ARGV[1]) then
    call('HSET', KEYS[2], key, ARGV[at + 1])
    call('ZADD', KEYS[1], 0, key)
    if not always then
      count = call('HINCRBY', KEYS[2], '', 1)
      call('ZADD', KEYS[3], day, key)
    end
    known = true
  end
  letters[#letters + 1] = known and '1' or '0'
end
return table.concat(letters)
