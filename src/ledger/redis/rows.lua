-- What `charge.lua` and `cancel.lua` are asked to do; it stands before both, behind `head.lua`.
--
-- ARGV     …, how long marks are kept in ms, `charge` or `cancel`,
--          number of counters, for each: name, how long it is kept in ms (0: for ever), and what all spans together add
--          to it: billions of nano-USD, the rest, input tokens, output tokens, requests, unpriced,
--          number of routes, for each: the positions of its counters from 1, joined by commas,
--          then for each hour in which spans ended: the hour, its rows back to back, each with the span (8 bytes), the
--          second of its end in the hour (2), its route (2), billions of nano-USD (5), the rest (4), input and output tokens (7 each), requests and unpriced
--          (4 each)
-- Beside KEYS[1]:
--   w:<counter>   hash: a counter
--   d:<hour>      packed set: spans that were charged, also when they were cancelled afterwards. What comes together ended
--                 together, so that its buckets are parts of the hour, of equal length: most of a batch is in one of them
--   x:<hour>      packed set: spans that were cancelled

local rowWidth, rowFormat = 43, '>c8I2I2I5I4I7I7I4I4'
-- Parts of an hour where nothing is known of the hour before, and the least: an hour may be much busier than that.
local firstParts, leastParts = 360, 60
local isCancel = ARGV[4] == 'cancel'
local keepMs, argumentAt = floor(tonumber(ARGV[3])), 5
local counters, routes, hours = {}, {}, {}

local calls = tryWriting()
endHolds()

local function nextArgument()
  argumentAt = argumentAt + 1
  return ARGV[argumentAt - 1]
end

for at = 1, tonumber(nextArgument()) do
  counters[at] = openCounter(nextArgument(), tonumber(nextArgument()))
  local sums = {}
  for field = 1, 6 do sums[field] = tonumber(nextArgument()) end
  counters[at].sums = sums
end
for at = 1, tonumber(nextArgument()) do
  local route = {}
  for position in string.gmatch(nextArgument(), '%d+') do route[#route + 1] = counters[tonumber(position)] end
  routes[at] = route
end
local function openCharged(hour, untilMs)
  local set = openSet(base .. 'd:' .. hour, 8, 8, untilMs)
  set.isHashed = false
  if not set.isNew then return set end
  local before = string.match(call('HMGET', base .. 'd:' .. (hour - 1), '')[1] or '', '^(%d+) ')
  set.buckets = before and max(leastParts, ceil(tonumber(before) / bucketRecords)) or firstParts
  return set
end

local function partsOf(set, rows)
  local parts, wanted, seen = {}, {}, {}
  for at = 1, #rows / rowWidth do
    local high, low = byte(rows, (at - 1) * rowWidth + 9, (at - 1) * rowWidth + 10)
    local part = floor((high * 256 + low) * set.buckets / 3600)
    parts[at] = part
    if not seen[part] then
      seen[part] = true
      wanted[#wanted + 1] = part
    end
  end
  loadBlobs(set, wanted)
  return parts
end

while argumentAt <= #ARGV do
  local hour, rows = tonumber(nextArgument()), nextArgument()
  local spans, untilMs = {}, (hour + 1) * hourMs + keepMs
  for at = 1, #rows, rowWidth do spans[#spans + 1] = sub(rows, at, at + 7) end
  local charged, cancelled = openCharged(hour, untilMs), openSet(base .. 'x:' .. hour, 8, 8, untilMs)
  -- Mostly nothing was cancelled.
  local wantsCancelled = isCancel or not cancelled.isNew
  hours[#hours + 1] = { rows = rows, spans = spans, charged = charged, cancelled = cancelled,
    chargedAt = partsOf(charged, rows), cancelledAt = wantsCancelled and loadBuckets(cancelled, spans) }
end

-- Whether a set had a span before this batch.
local function has(set, bucket, span)
  local blob = set.blobs[bucket]
  return blob ~= '' and findRecord(set, blob, span, 1) ~= nil
end

-- The row of a span at its position in its hour: route, then amounts.
local function rowOf(hour, position)
  local _, _, route, high, low, input, output, requests, unpriced =
    struct.unpack(rowFormat, hour.rows, (position - 1) * rowWidth + 1)
  return routes[route], high, low, input, output, requests, unpriced
end
