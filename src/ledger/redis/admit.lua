-- Enters tenants into the directory while there is room.
--
-- KEYS[1]  <prefix>{@tenants}:k   sorted set: keys of tenants, all with score 0, so in the order of their bytes
-- KEYS[2]  <prefix>{@tenants}:n   hash: key -> the tenant as it was sent; `` -> how many count towards the bound
-- ARGV     how many may be admitted beside those that always are, then for each: key, tenant, 1 when it always is
-- Reply    one letter for each: 1 it is in the directory, 0 it is not

local call = redis.call
-- Every command that follows, done to what nobody needs: without the right to it nothing is half done.
call('HINCRBY', KEYS[2], '', 0)
call('HSET', KEYS[2], '-', '')
call('HDEL', KEYS[2], '-')
call('HEXISTS', KEYS[2], '')
call('ZADD', KEYS[1], 0, '')
call('ZREM', KEYS[1], '')
local count, letters = tonumber(call('HGET', KEYS[2], '')), {}
for at = 2, #ARGV, 3 do
  local always = ARGV[at + 2] == '1'
  local known = call('HEXISTS', KEYS[2], '.' .. ARGV[at]) == 1
  if not known and (always or count < tonumber(ARGV[1])) then
    call('HSET', KEYS[2], '.' .. ARGV[at], ARGV[at + 1])
    call('ZADD', KEYS[1], 0, '.' .. ARGV[at])
    if not always then count = call('HINCRBY', KEYS[2], '', 1) end
    known = true
  end
  letters[#letters + 1] = known and '1' or '0'
end
return table.concat(letters)
