-- What the scripts share; it stands before each of them.
--
-- KEYS[1]  <prefix>{<tenant or shard>}:q   hash: how often each process called (its losses show that writes were lost)
--          <prefix>{<tenant or shard>}:p   sorted set: processes by the ms of their last call
-- ARGV     now in ms, name of the process, …
-- Every other key of a script has the same hash tag and so stands in the same slot.

local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min
local byte, char, sub, find = string.byte, string.char, string.sub, string.find
local format, concat = string.format, table.concat
local base, hourMs = sub(KEYS[1], 1, -2), 3600000
local now, process = floor(tonumber(ARGV[1])), ARGV[2]

-- While a cluster moves the slot, keys may be here or there: both sides refuse two that are nowhere.
call('EXISTS', base .. '-', base .. '--')

-- A process compares its calls for a day (`redis-ledger.ts`). Every start brings a new one.
local processIdleMs, processesMax, processesAtOnce = 48 * hourMs, 4096, 64

local function forgetProcesses()
  local gone = call('ZRANGEBYSCORE', base .. 'p', '-inf', now - processIdleMs, 'LIMIT', 0, processesAtOnce)
  if #gone == 0 and 0 < #call('ZRANGEBYSCORE', base .. 'p', '-inf', '+inf', 'LIMIT', processesMax, 1) then
    gone = call('ZRANGEBYSCORE', base .. 'p', '-inf', '+inf', 'LIMIT', 0, processesAtOnce)
  end
  if #gone == 0 then return end
  call('HDEL', KEYS[1], unpack(gone))
  call('ZREM', base .. 'p', unpack(gone))
end

-- Every command that writes, done to what nobody needs: without the right to it, or without memory, nothing is half
-- done. Scripts read before they write, so reading needs no such thing. Returns how often this process called.
local function tryWriting()
  local calls = call('HINCRBY', KEYS[1], process, 1)
  call('HSET', KEYS[1], '', '')
  call('HDEL', KEYS[1], '')
  call('PEXPIRE', KEYS[1], 35 * 24 * hourMs)
  call('ZADD', base .. 'p', 'GT', now, process)
  call('ZREM', base .. 'p', '')
  call('PEXPIRE', base .. 'p', 35 * 24 * hourMs)
  if calls == 1 then forgetProcesses() end
  return calls
end

-- Packed sets: millions of small records of one width in one hash. Its fields are buckets of records back to back, as
-- many as they fill (linear hashing, Litwin 1980); field '' says how many records and buckets there are. To look for a
-- batch of records, and to add it, takes two commands for reading and one for writing. A record begins with its key, the
-- last three bytes of which choose the bucket, unless who uses the set chooses it. This Lua hashes every byte of every string: buckets are small for that.
local bucketRecords, bucketsMax = 16, 16777216
local sets = {}

-- `keyEnd` is where the key of a record ends, `width` where the record does; `untilMs` when the set expires. A new set
-- begins with as many buckets as the set `before` would fill.
local function openSet(key, keyEnd, width, untilMs, before)
  local set = sets[key]
  if set then return set end
  local records, buckets = string.match(call('HMGET', key, '')[1] or '', '^(%d+) (%d+)$')
  set = { key = key, keyEnd = keyEnd, width = width, untilMs = untilMs, before = before, isNew = not records, isHashed = true,
    records = tonumber(records) or 0, buckets = tonumber(buckets) or 1, power = 1, names = {}, blobs = {}, added = {}, changed = {} }
  while set.power * 2 <= set.buckets do set.power = set.power * 2 end
  sets[key] = set
  return set
end

-- Before the first record.
local function makeRoom(set)
  if not set.isNew or 0 < set.records or not set.before then return end
  local records = string.match(call('HMGET', set.before, '')[1] or '', '^(%d+) ')
  set.buckets = min(bucketsMax, max(1, ceil((tonumber(records) or 0) / bucketRecords)))
  while set.power * 2 <= set.buckets do set.power = set.power * 2 end
end

-- Keys whose bucket of the larger power of two is not there yet stand in that of the smaller one.
local function bucketOf(set, key)
  local high, middle, low = byte(key, -3, -1)
  local larger = (high * 65536 + middle * 256 + low) % (2 * set.power)
  if larger < set.buckets then return larger end
  return larger % set.power
end

local function nameOf(set, bucket)
  local name = set.names[bucket]
  if not name then
    name = char(floor(bucket / 65536), floor(bucket / 256) % 256, bucket % 256)
    set.names[bucket] = name
  end
  return name
end

local function loadBlobs(set, wanted)
  if #wanted == 0 then return end
  local names, found = {}, {}
  if not set.isNew then
    for at = 1, #wanted do names[at] = nameOf(set, wanted[at]) end
    found = call('HMGET', set.key, unpack(names))
  end
  for at = 1, #wanted do set.blobs[wanted[at]] = found[at] or '' end
end

-- Reads the buckets of all keys at once; returns the bucket of each.
local function loadBuckets(set, keys)
  local buckets, wanted, blobs = {}, {}, set.blobs
  for at = 1, #keys do
    local bucket = bucketOf(set, keys[at])
    buckets[at] = bucket
    if not blobs[bucket] then
      blobs[bucket] = ''
      wanted[#wanted + 1] = bucket
    end
  end
  loadBlobs(set, wanted)
  return buckets
end

-- Where the first record of a key begins, from `from` on; nil where there is none.
local function findRecord(set, blob, key, from)
  local at = find(blob, key, from, true)
  while at and (at - 1) % set.width ~= 0 do at = find(blob, key, at + 1, true) end
  return at
end

local function addRecord(set, bucket, record)
  local added = set.added[bucket]
  set.added[bucket] = added and added .. record or record
  set.records = set.records + 1
end

-- A bucket with what was added to it.
local function joinedBlob(set, bucket)
  local added = set.added[bucket]
  if added then
    set.blobs[bucket] = set.blobs[bucket] .. added
    set.added[bucket], set.changed[bucket] = nil, true
  end
  return set.blobs[bucket]
end

-- Adds one bucket, and moves to it what now belongs there: all of that stands in one older bucket.
local function splitBucket(set, from)
  local added, stays, moves = set.buckets, {}, {}
  local blob, width = set.blobs[from], set.width
  set.buckets = added + 1
  for at = 1, #blob, width do
    local record = sub(blob, at, at + width - 1)
    local high, middle, low = byte(record, set.keyEnd - 2, set.keyEnd)
    if (high * 65536 + middle * 256 + low) % (2 * set.power) == added then moves[#moves + 1] = record
    else stays[#stays + 1] = record end
  end
  set.blobs[from], set.blobs[added] = concat(stays), concat(moves)
  set.changed[from], set.changed[added] = true, true
end

local function grow(set)
  local wanted = min(bucketsMax, ceil(set.records / bucketRecords))
  while set.buckets < wanted do
    if set.power * 2 <= set.buckets then set.power = set.power * 2 end
    local first, last, missing = set.buckets - set.power, min(wanted, set.power * 2) - set.power - 1, {}
    for from = first, last do if not set.blobs[from] then missing[#missing + 1] = from end end
    loadBlobs(set, missing)
    for from = first, last do splitBucket(set, from) end
  end
end

local function writeFields(key, fields)
  for at = 1, #fields, 1000 do call('HSET', key, unpack(fields, at, min(at + 999, #fields))) end
end

local function writeSets()
  for key, set in pairs(sets) do
    local blobs, changed = set.blobs, set.changed
    for bucket, added in pairs(set.added) do
      blobs[bucket] = blobs[bucket] .. added
      changed[bucket] = true
    end
    if next(changed) then
      if set.isHashed then grow(set) end
      local fields, at = { '', format('%d %d', set.records, set.buckets) }, 2
      for bucket in pairs(changed) do
        fields[at + 1], fields[at + 2] = nameOf(set, bucket), blobs[bucket]
        at = at + 2
      end
      writeFields(key, fields)
      if set.isNew then call('PEXPIRE', key, max(1000, set.untilMs - now)) end
    end
  end
end

-- Counters: hashes with c nano-USD, h held nano-USD, i and o tokens, r requests, u unpriced. Money has up to 63 bits:
-- sums are of two numbers, billions and the rest, so that no double ever rounds them.
local billion = 1000000000
local tokensMax, moneyMaxHigh, moneyMaxLow = 9007199254740991, 9223372036, 854775807

local function halvesOf(text)
  if not text then return 0, 0 end
  if sub(text, 1, 1) == '-' then
    local high, low = tonumber(sub(text, 2, -10)) or 0, tonumber(sub(text, max(2, #text - 8)))
    if low == 0 then return -high, 0 end
    return -high - 1, billion - low
  end
  return tonumber(sub(text, 1, -10)) or 0, tonumber(sub(text, -9))
end

local function textOf(high, low)
  if high < 0 and 0 < low then high, low = high + 1, low - billion end
  if high == 0 then return format('%d', low) end
  if high < 0 then return format('-%.0f%09d', -high, -low) end
  return format('%.0f%09d', high, low)
end

local function carried(high, low)
  local carry = floor(low / billion)
  return high + carry, low - carry * billion
end

local function openCounter(name, keepMs)
  local key = base .. 'w:' .. name
  local stored = call('HMGET', key, 'c', 'h', 'i', 'o', 'r', 'u')
  for at = 1, 6 do
    -- Somebody else wrote it: it is refused before anything is done.
    if stored[at] and not find(stored[at], '^%-?%d+$') then error('a counter holds what is not an integer') end
  end
  local high, low = halvesOf(stored[1])
  return { key = key, keepMs = keepMs, isNew = not stored[5] and not stored[2], high = high, low = low,
    h = stored[2] or '0', i = tonumber(stored[3]) or 0, o = tonumber(stored[4]) or 0, r = tonumber(stored[5]) or 0,
    u = tonumber(stored[6]) or 0, changed = false }
end

local function fits(counter, high, low, input, output)
  high, low = carried(counter.high + high, counter.low + low)
  return (high < moneyMaxHigh or (high == moneyMaxHigh and low <= moneyMaxLow))
    and counter.i + input <= tokensMax and counter.o + output <= tokensMax
end

-- `sign` is 1 or -1.
local function addTo(counter, sign, high, low, input, output, requests, unpriced)
  counter.high, counter.low = carried(counter.high + sign * high, counter.low + sign * low)
  counter.i, counter.o = counter.i + sign * input, counter.o + sign * output
  counter.r, counter.u = counter.r + sign * requests, counter.u + sign * unpriced
  counter.changed = true
end

local function writeCounter(counter)
  if not counter.changed then return end
  call('HSET', counter.key, 'c', textOf(counter.high, counter.low), 'i', format('%.0f', counter.i),
    'o', format('%.0f', counter.o), 'r', format('%.0f', counter.r), 'u', format('%.0f', counter.u))
  if counter.isNew and 0 < counter.keepMs then call('PEXPIRE', counter.key, counter.keepMs) end
end

local function tellCounter(counter, replies)
  local at = #replies
  replies[at + 1], replies[at + 2] = textOf(counter.high, counter.low), counter.h
  replies[at + 3], replies[at + 4] = format('%.0f', counter.i), format('%.0f', counter.o)
  replies[at + 5], replies[at + 6] = format('%.0f', counter.r), format('%.0f', counter.u)
end

-- Ends holds that are over: `hh` is a hash of hold -> its amount and its counters with spaces between, `hx` a sorted set
-- of holds by the ms of their end.
local function endHold(id)
  local hold = call('HMGET', base .. 'hh', id)[1]
  local amount
  for part in string.gmatch(hold or '', '[^ ]+') do
    local key = base .. 'w:' .. part
    if not amount then amount = part
    elseif call('EXISTS', key) == 1 then call('HINCRBY', key, 'h', '-' .. amount) end
  end
  call('HDEL', base .. 'hh', id)
  call('ZREM', base .. 'hx', id)
end

local function endHolds()
  local over = call('ZRANGEBYSCORE', base .. 'hx', '-inf', now)
  if 0 < #over then
    call('HDEL', base .. 'hh', '')
    call('ZREM', base .. 'hx', '')
  end
  for _, id in ipairs(over) do endHold(id) end
end
