-- What the scripts share; it stands before each of them.
--
-- KEYS[1]  <prefix>{<tenant or shard>}:q   hash: how often each process called (its losses show that writes were lost)
-- ARGV     now in ms, name of the process, …
-- Every other key of a script has the same hash tag and so stands in the same slot.

local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min
local byte, sub, find, format, concat = string.byte, string.sub, string.find, string.format, table.concat
local base, hourMs = sub(KEYS[1], 1, -2), 3600000
local now, process = floor(tonumber(ARGV[1])), ARGV[2]

-- While a cluster moves the slot, keys may be here or there: both sides refuse two that are nowhere.
call('EXISTS', base .. '-', base .. '--')

-- Every command that writes, done to what nobody needs: without the right to it, or without memory, nothing is half
-- done. Scripts read before they write, so reading needs no such thing. Returns how often this process called.
local function tryWriting()
  local calls = call('HINCRBY', KEYS[1], process, 1)
  call('HSET', KEYS[1], '', '')
  call('HDEL', KEYS[1], '')
  call('PEXPIRE', KEYS[1], 35 * 24 * hourMs)
  return calls
end

-- Packed sets: millions of small records of one width in one hash. Its fields are buckets of records back to back, as
-- many as they fill (linear hashing, Litwin 1980); field '' says how many records and buckets there are. An entry costs
-- two or three bytes beside its own; to find or add a batch of them takes two commands for reading and one for writing.
-- A record begins with its key, the last three bytes of which choose the bucket.
local bucketRecords = 32
local sets = {}

-- `keyWidth` and `width` in bytes; `untilMs` is when the set expires.
local function openSet(key, keyWidth, width, untilMs)
  local set = sets[key]
  if set then return set end
  local records, buckets = string.match(call('HMGET', key, '')[1] or '', '^(%d+) (%d+)$')
  set = { key = key, keyWidth = keyWidth, width = width, untilMs = untilMs, isNew = not records,
    records = tonumber(records) or 0, buckets = tonumber(buckets) or 1, power = 1, blobs = {}, changed = {} }
  while set.power * 2 <= set.buckets do set.power = set.power * 2 end
  sets[key] = set
  return set
end

-- Keys whose bucket of the larger power of two is not there yet stand in that of the smaller one.
local function bucketOf(set, key)
  local high, middle, low = byte(key, -3, -1)
  local larger = (high * 65536 + middle * 256 + low) % (2 * set.power)
  if larger < set.buckets then return larger end
  return larger % set.power
end

-- Reads the buckets of several keys at once.
local function loadBuckets(set, keys)
  if set.isNew then return end
  local wanted, seen = {}, {}
  for _, key in ipairs(keys) do
    local bucket = bucketOf(set, key)
    if not set.blobs[bucket] and not seen[bucket] then
      seen[bucket] = true
      wanted[#wanted + 1] = bucket
    end
  end
  if #wanted == 0 then return end
  local blobs = call('HMGET', set.key, unpack(wanted))
  for at = 1, #wanted do set.blobs[wanted[at]] = blobs[at] or '' end
end

local function blobOf(set, bucket)
  local blob = set.blobs[bucket]
  if not blob then
    blob = not set.isNew and call('HMGET', set.key, bucket)[1] or ''
    set.blobs[bucket] = blob
  end
  return blob
end

-- Where the first record of a key begins, from `from` on; nil where there is none.
local function findRecord(set, blob, key, from)
  local at = find(blob, key, from or 1, true)
  while at and (at - 1) % set.width ~= 0 do at = find(blob, key, at + 1, true) end
  return at
end

local function hasRecord(set, key)
  return findRecord(set, blobOf(set, bucketOf(set, key)), key) ~= nil
end

-- Adds one bucket, and moves to it what now belongs there: all of that stands in one older bucket.
local function splitBucket(set)
  local added = set.buckets
  if set.power * 2 <= added then set.power = set.power * 2 end
  local from = added - set.power
  local blob, stays, moves = blobOf(set, from), {}, {}
  set.buckets = added + 1
  for at = 1, #blob, set.width do
    local record = sub(blob, at, at + set.width - 1)
    if bucketOf(set, sub(record, 1, set.keyWidth)) == added then moves[#moves + 1] = record
    else stays[#stays + 1] = record end
  end
  set.blobs[from], set.blobs[added] = concat(stays), concat(moves)
  set.changed[from], set.changed[added] = true, true
end

local function addRecord(set, key, record)
  local bucket = bucketOf(set, key)
  set.blobs[bucket] = blobOf(set, bucket) .. record
  set.changed[bucket] = true
  set.records = set.records + 1
  if set.buckets * bucketRecords < set.records then splitBucket(set) end
end

local function writeFields(key, fields)
  for at = 1, #fields, 1000 do call('HSET', key, unpack(fields, at, min(at + 999, #fields))) end
end

local function writeSets()
  for key, set in pairs(sets) do
    if next(set.changed) then
      local fields = { '', format('%d %d', set.records, set.buckets) }
      for bucket in pairs(set.changed) do
        fields[#fields + 1] = bucket
        fields[#fields + 1] = set.blobs[bucket]
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
