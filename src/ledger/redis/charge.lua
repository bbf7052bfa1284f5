-- Adds the amounts of spans that are neither charged nor cancelled to all their counters at once.
--
-- KEYS[1]  <prefix>{<tenant>}:q   hash: how often each process called
-- ARGV     now in ms, name of the process, how long marks are kept in ms,
--          number of counters, for each: name, how long it is kept in ms (0: for ever),
--          number of routes, for each: the positions of its counters from 1, joined by commas,
--          then for each span: fingerprint as a signed integer, hour of its end, route,
--          nano-USD, input tokens, output tokens, requests, unpriced
-- Beside KEYS[1], with the same hash tag and so in the same slot:
--   w:<counter>        hash: c nano-USD, h held nano-USD, i and o tokens, r requests, u unpriced
--   d:<hour>           hash: s how many buckets this hour of ends has, n how many marks they hold. Where an hour outgrows
--                      its buckets it gets more beside them: s is then a list, the last of it takes what is new
--   d:<hour>:<buckets>:<bucket>  set: fingerprints of spans that were charged, also when they were cancelled afterwards
--   x:<hour>           set: fingerprints of spans that were cancelled
--   hh, hx             hash and sorted set: holds, and when they end (`hold.lua`)
-- Reply    how often this process called, one letter for each span, then c h i o r u of each counter
--   c charged, r replayed, x cancelled, f a counter would pass its largest value: nothing was added

local hourMs, tokensMax, exact = 3600000, 9007199254740991, 9007199254740992
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
call('ZREM', base .. 'hx', '')
call('ZRANGEBYSCORE', base .. 'hx', 0, 0, 'LIMIT', 0, 1)

local at = 4
local function nextArgument()
  at = at + 1
  return ARGV[at - 1]
end

local counters, routes = {}, {}
for _ = 1, tonumber(nextArgument()) do
  local counter = { key = base .. 'w:' .. nextArgument(), keepMs = tonumber(nextArgument()), c = 0, i = 0, o = 0, r = 0, u = 0 }
  counter.stored = call('HMGET', counter.key, 'c', 'i', 'o')
  counters[#counters + 1] = counter
end
for _ = 1, tonumber(nextArgument()) do
  local route = {}
  for position in string.gmatch(nextArgument(), '%d+') do route[#route + 1] = counters[tonumber(position)] end
  routes[#routes + 1] = route
end

-- Marks: how many buckets an hour has is decided by who first writes into it, from what the hour before holds. A set
-- of integers stays small up to 512 of them.
local hours = {}
local function hourFor(hour)
  local found = hours[hour]
  if found then return found end
  local key = base .. 'd:' .. hour
  local stored = call('HMGET', key, 's', 'n')
  found = { generations = {}, records = 0, touched = {}, cancelled = call('EXISTS', base .. 'x:' .. hour) == 1 }
  for buckets in string.gmatch(stored[1] or '', '%d+') do table.insert(found.generations, tonumber(buckets)) end
  local last, held = found.generations[#found.generations], tonumber(stored[2]) or 0
  local wanted
  if not last then
    held = tonumber(call('HGET', base .. 'd:' .. (hour - 1), 'n')) or 1000
    wanted = 1
    while wanted * 256 < held and wanted < 65536 do wanted = wanted * 2 end
  elseif last * 400 < held and last < 65536 then
    wanted = last * 16
  end
  if wanted then
    table.insert(found.generations, wanted)
    call('HSET', key, 's', table.concat(found.generations, ','))
    if not last then call('PEXPIRE', key, (hour + 1) * hourMs + keepMs - now) end
  end
  hours[hour] = found
  return found
end

local prefixes = {}
local function bucketOf(hour, buckets, span)
  local prefix = prefixes[hour * 65537 + buckets]
  if not prefix then
    prefix = base .. 'd:' .. hour .. ':' .. buckets .. ':'
    prefixes[hour * 65537 + buckets] = prefix
  end
  return prefix .. tonumber(string.sub(span, -6)) % buckets
end

local function isMarked(hour, found, span)
  for _, buckets in ipairs(found.generations) do
    if call('SISMEMBER', bucketOf(hour, buckets, span), span) == 1 then return true end
  end
  return false
end

-- Sums are doubles, exact below 2^53. Where a sum or a counter may pass that, every span is added for itself.
local first, small = at, true
do
  local nano, input, output = 0, 0, 0
  for from = first, #ARGV, 8 do
    if 15 < #ARGV[from + 3] then small = false end
    nano = nano + tonumber(ARGV[from + 3])
    input, output = input + tonumber(ARGV[from + 4]), output + tonumber(ARGV[from + 5])
  end
  if exact <= nano then small = false end
  for _, counter in ipairs(counters) do
    local stored = counter.stored
    if stored[1] and 18 < #stored[1] then small = false end
    if exact <= (tonumber(stored[2]) or 0) + input or exact <= (tonumber(stored[3]) or 0) + output then small = false end
  end
end

local fields = { 'c', 'i', 'o', 'r', 'u' }
-- Adds one span to its counters, or takes it out again where one of them would overflow.
local function addExactly(from)
  local done = {}
  for _, counter in ipairs(routes[tonumber(ARGV[from + 2])]) do
    for index, field in ipairs(fields) do
      local amount = ARGV[from + 2 + index]
      if amount ~= '0' then
        local sum = redis.pcall('HINCRBY', counter.key, field, amount)
        local failed = type(sum) == 'table'
        if not failed then done[#done + 1] = { counter.key, field, amount } end
        if failed or ((field == 'i' or field == 'o') and tokensMax < sum) then
          for _, one in ipairs(done) do call('HINCRBY', one[1], one[2], '-' .. one[3]) end
          return false
        end
      end
    end
  end
  return true
end

local letters = {}
for from = first, #ARGV, 8 do
  local span, hour = ARGV[from], tonumber(ARGV[from + 1])
  local found, letter = hourFor(hour), 'c'
  local grown = 1 < #found.generations
  local bucket = bucketOf(hour, found.generations[#found.generations], span)
  if found.cancelled and call('SISMEMBER', base .. 'x:' .. hour, span) == 1 then
    letter = 'x'
  elseif (grown or not small) and isMarked(hour, found, span) then
    letter = 'r'
  elseif not small and not addExactly(from) then
    letter = 'f'
  elseif call('SADD', bucket, span) == 0 then
    letter = 'r'
  else
    found.records = found.records + 1
    found.touched[bucket] = true
    if small then
      for _, counter in ipairs(routes[tonumber(ARGV[from + 2])]) do
        counter.c, counter.i = counter.c + tonumber(ARGV[from + 3]), counter.i + tonumber(ARGV[from + 4])
        counter.o, counter.r = counter.o + tonumber(ARGV[from + 5]), counter.r + tonumber(ARGV[from + 6])
        counter.u = counter.u + tonumber(ARGV[from + 7])
      end
    end
  end
  letters[#letters + 1] = letter
end

for _, counter in ipairs(counters) do
  for _, field in ipairs(fields) do
    if counter[field] ~= 0 then call('HINCRBY', counter.key, field, string.format('%.0f', counter[field])) end
  end
  if 0 < counter.keepMs and call('PTTL', counter.key) == -1 then call('PEXPIRE', counter.key, counter.keepMs) end
end
for hour, found in pairs(hours) do
  if 0 < found.records then call('HINCRBY', base .. 'd:' .. hour, 'n', found.records) end
  for bucket in pairs(found.touched) do
    if call('PTTL', bucket) < 0 then call('PEXPIRE', bucket, (hour + 1) * hourMs + keepMs - now) end
  end
end

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

local replies = { calls, table.concat(letters) }
for _, counter in ipairs(counters) do
  for _, value in ipairs(call('HMGET', counter.key, 'c', 'h', 'i', 'o', 'r', 'u')) do
    replies[#replies + 1] = value or '0'
  end
end
return replies
