-- Decides which span of a call pays. The same rules stand in `embedded/claims.ts`, which tells why.
--
-- KEYS[1]  <prefix>{@id.<shard>}:q   hash: how often each process called (its losses show that writes were lost)
-- ARGV     now in ms, name of the process, how long old calls are kept in ms, identity window in ms,
--          then for each claim: fingerprint of the call (8 bytes), the claimant (`contender.ts`)
-- Beside KEYS[1], with the same hash tag and so in the same slot:
--   c:<hour>           hash: calls whose identity window is open until that hour -> claimants, each behind its length
--   o:<hour>           hash: s how many buckets this hour of ends has, n how many calls they hold. Where an hour outgrows
--                      its buckets it gets more beside them: s is then a list, the last of it takes what is new
--   o:<hour>:<buckets>:<bucket>  hash: last 6 bytes of the call -> 4 bytes for each time it was used: when it ended, how long it was
-- Reply    how often this process called, one letter for each claim, and for those with more to say a list:
--          position, the claimant as it was claimed first, then those that it stands above
--   o owner, s shadow, t settled, x its id tells no calls apart: claim the span by itself

local toleranceMs, contendersMax, spellsMax, lookBackHours = 5000, 32, 1024, 4
local hourMs, lengthMax = 3600000, 1048575
local base = string.sub(KEYS[1], 1, -2)
local now, process, keepMs, windowMs = math.floor(tonumber(ARGV[1])), ARGV[2], math.floor(tonumber(ARGV[3])), tonumber(ARGV[4])
local call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min
local byte, sub, char, unpackStruct, packStruct = string.byte, string.sub, string.char, struct.unpack, struct.pack

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
call('HLEN', KEYS[1])

local function hourOf(ms) return max(0, floor(ms / hourMs)) end

local function parse(raw)
  local span, live, e, length, rank, model, input, output, tenantLength =
    unpackStruct('>c8I4dI4dI4ddB', raw)
  return { raw = raw, span = span, live = live * 1000, e = e, s = e - length, rank = rank, model = model,
    input = input, output = output, tenant = sub(raw, 54, 53 + tenantLength) }
end

-- Of most claims nothing else is needed.
local function parseTimes(raw)
  local live, e, length = unpackStruct('>I4dI4', raw, 9)
  return { raw = raw, live = live * 1000, e = e, s = e - length, partly = true }
end

-- By bytes: the order of Lua depends on the language of the server.
local function before(one, two)
  for at = 1, min(#one, #two) do
    local a, b = byte(one, at), byte(two, at)
    if a ~= b then return a < b end
  end
  return #one < #two
end

local function outranks(one, two)
  if one.rank ~= two.rank then return two.rank < one.rank end
  if one.span ~= two.span then return before(one.span, two.span) end
  return before(two.tenant, one.tenant)
end

local function sameCall(one, two)
  if two.e + toleranceMs < one.s or one.e + toleranceMs < two.s then return false end
  if one.span == two.span then return true end
  local differences = 0
  if one.model ~= 0 and two.model ~= 0 and one.model ~= two.model then differences = 1 end
  if one.input ~= two.input then differences = differences + 1 end
  if one.output ~= two.output then differences = differences + 1 end
  return differences < 2
end

-- Live calls: what is stored, all at once, then what this batch makes of it.
local live, changed, firstHour, lastHour = {}, {}, hourOf(now), hourOf(now + windowMs)
do
  local ids, seen = {}, {}
  for at = 5, #ARGV, 2 do
    local id = ARGV[at]
    if not seen[id] then
      seen[id] = true
      ids[#ids + 1] = id
    end
  end
  for hour = firstHour, lastHour do
    local key = base .. 'c:' .. hour
    if call('EXISTS', key) == 1 then
      local values = call('HMGET', key, unpack(ids))
      for at = 1, #ids do
        local value = values[at]
        if value and not live[ids[at]] then
          local list, from = {}, 1
          while from < #value do
            local length = unpackStruct('>I4', value, from)
            local one = parse(sub(value, from + 4, from + 3 + length))
            if now < one.live then list[#list + 1] = one end
            from = from + 4 + length
          end
          live[ids[at]] = { hour = hour, list = list }
        end
      end
    end
  end
end

-- Old calls: how many buckets an hour has is decided by who first writes into it, from what the hour before holds. A
-- hash stays small up to 128 entries of at most 64 bytes.
local sizes = {}

local function sizeOf(hour, create)
  local size = sizes[hour]
  if size == nil then
    local stored = call('HMGET', base .. 'o:' .. hour, 's', 'n')
    size = { generations = {}, records = 0, held = tonumber(stored[2]) or 0 }
    for buckets in string.gmatch(stored[1] or '', '%d+') do table.insert(size.generations, tonumber(buckets)) end
    sizes[hour] = size
  end
  local last, wanted = size.generations[#size.generations], nil
  if create and not last then
    local held = tonumber(call('HGET', base .. 'o:' .. (hour - 1), 'n')) or 500
    wanted = 1
    while wanted * 64 < held and wanted < 65536 do wanted = wanted * 2 end
  elseif create and last * 100 < size.held and last < 65536 then
    wanted, size.held = last * 16, 0
  end
  if wanted then
    table.insert(size.generations, wanted)
    call('HSET', base .. 'o:' .. hour, 's', table.concat(size.generations, ','))
    if not last then call('PEXPIRE', base .. 'o:' .. hour, (hour + 1) * hourMs + keepMs - now) end
  end
  return size
end

local prefixes = {}
local function bucketOf(hour, id, buckets)
  local prefix = prefixes[hour * 65537 + buckets]
  if not prefix then
    prefix = base .. 'o:' .. hour .. ':' .. buckets .. ':'
    prefixes[hour * 65537 + buckets] = prefix
  end
  local high, middle, low = byte(id, 1, 3)
  return prefix .. (middle + high * 256 + low * 65536) % buckets
end

-- A spell as one number: the second of its end within its hour, and its length in seconds.
local function spellOf(one)
  local hour = hourOf(one.e)
  local last = ceil(one.e / 1000)
  local length = min(max(last - floor(one.s / 1000), 0), lengthMax)
  return hour, (last - hour * 3600) * (lengthMax + 1) + length
end

-- Spells that overlap the claim, as hour and number; and how many there are under the id.
local function oldSpells(id, one)
  local found, count, field = {}, 0, sub(id, 3)
  local last = hourOf(one.e + toleranceMs) + 1
  for hour = max(hourOf(one.s - toleranceMs), last - lookBackHours), last do
    for _, buckets in ipairs(sizeOf(hour, false).generations) do
      local value = call('HGET', bucketOf(hour, id, buckets), field)
      if value then
        count = count + #value / 4
        for at = 1, #value, 4 do
          local number = unpackStruct('>I4', value, at)
          local e = hour * 3600 + floor(number / (lengthMax + 1))
          local s = e - number % (lengthMax + 1)
          if s <= ceil((one.e + toleranceMs) / 1000) and floor((one.s - toleranceMs) / 1000) <= e then
            found[#found + 1] = { hour, number }
          end
        end
      end
    end
  end
  return found, count
end

-- `known`: whether there may be spells of the id already.
local function addSpell(id, one, known)
  local hour, number = spellOf(one)
  local size = sizeOf(hour, true)
  local key, field = bucketOf(hour, id, size.generations[#size.generations]), sub(id, 3)
  local value = packStruct('>I4', number)
  if known then value = (call('HGET', key, field) or '') .. value end
  call('HSET', key, field, value)
  if call('HLEN', key) == 1 then call('PEXPIRE', key, (hour + 1) * hourMs + keepMs - now) end
  size.records = size.records + 1
end

local function crowded(list, one)
  if #list < contendersMax then return false end
  local e = list[1].e
  for _, other in ipairs(list) do e = min(e, other.e) end
  return one.s - toleranceMs <= e
end

-- Where there is no room, the span that ended first gives way.
local function keep(id, record, one)
  record.list[#record.list + 1] = one
  if contendersMax < #record.list then
    local first = 1
    for at, other in ipairs(record.list) do if other.e < record.list[first].e then first = at end end
    table.remove(record.list, first)
  end
  live[id], changed[id] = record, true
end

local function decide(id, raw)
  local record = live[id]
  if not record then
    local one = parseTimes(raw)
    local _, count = oldSpells(id, one)
    if count == 0 then
      addSpell(id, one, false)
      live[id], changed[id] = { list = { one } }, true
      return 'o'
    end
    record = { list = {} }
  elseif record.list[1] and record.list[1].partly then
    record.list[1] = parse(record.list[1].raw)
  end
  local one, mine = parse(raw), nil
  for _, other in ipairs(record.list) do
    if other.span == one.span and other.tenant == one.tenant then mine = other end
  end
  local self, others = mine or one, {}
  for _, other in ipairs(record.list) do
    if other ~= mine and sameCall(other, self) then others[#others + 1] = other end
  end
  if not mine then
    local overlapping, count = oldSpells(id, one)
    if crowded(record.list, one) or spellsMax <= count then return 'x' end
    if #others == 0 then
      for _, spell in ipairs(overlapping) do
        local explained = false
        for _, other in ipairs(record.list) do
          local hour, number = spellOf(other)
          if hour == spell[1] and number == spell[2] then explained = true end
        end
        if not explained then return 't' end
      end
    end
    if #overlapping == 0 then addSpell(id, one, 0 < count) end
    keep(id, record, one)
  end
  local kind, more = 'o', { 0, self.raw }
  for _, other in ipairs(others) do
    if outranks(other, self) then kind = 's' else more[#more + 1] = other.raw end
  end
  if self.raw ~= raw or 2 < #more then return kind, more end
  return kind
end

local letters, replies = {}, { calls, '' }
for at = 5, #ARGV, 2 do
  local letter, more = decide(ARGV[at], ARGV[at + 1])
  letters[#letters + 1] = letter
  if more then
    more[1] = #letters - 1
    replies[#replies + 1] = more
  end
end
replies[2] = table.concat(letters)

local writes, removals, lengths = {}, {}, {}
for id in pairs(changed) do
  local record, parts, untilMs = live[id], {}, 0
  for _, one in ipairs(record.list) do
    lengths[#one.raw] = lengths[#one.raw] or packStruct('>I4', #one.raw)
    parts[#parts + 1] = lengths[#one.raw] .. one.raw
    untilMs = max(untilMs, one.live)
  end
  -- Lives end in whole seconds, rounded up: at most one hour behind the last that is looked at.
  local hour = min(hourOf(untilMs), lastHour)
  if record.hour and record.hour ~= hour then
    removals[record.hour] = removals[record.hour] or {}
    table.insert(removals[record.hour], id)
  end
  writes[hour] = writes[hour] or {}
  table.insert(writes[hour], id)
  table.insert(writes[hour], table.concat(parts))
end
for hour, fields in pairs(writes) do
  local key = base .. 'c:' .. hour
  for at = 1, #fields, 1000 do call('HSET', key, unpack(fields, at, min(at + 999, #fields))) end
  if call('PTTL', key) < 0 then call('PEXPIRE', key, (hour + 2) * hourMs - now) end
end
for hour, ids in pairs(removals) do call('HDEL', base .. 'c:' .. hour, unpack(ids)) end
for hour, size in pairs(sizes) do
  if 0 < size.records then call('HINCRBY', base .. 'o:' .. hour, 'n', size.records) end
end
return replies
