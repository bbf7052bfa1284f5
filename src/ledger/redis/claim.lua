-- Decides what a span pays of its call. The same rules stand in `embedded/claims.ts`, which tells why, and in
-- `genai/same-call.ts`.
--
-- ARGV     …, how long old calls are kept in ms, identity window in ms, hour until which these claims are live,
--          number of trailers, for each: `t` and its hash (8 bytes), and the trailer, then claims that ended in one hour
--          and overlap the same ones: that hour, the first and the last hour in which a call that overlaps one may have
--          ended, and the claims back to back, each: how it is kept for long (7 bytes of the call, 4 of when it ended and
--          how long it was), and the claimant (`contender.ts`)
-- Beside KEYS[1]:
--   c:<hour>   hash: calls whose identity window is open until that hour -> claimants; `t` and the hash of a trailer -> the
--              trailer: what claimants have in common
--   o:<hour>   packed set: calls that ended in that hour, 7 bytes of the call, and when they ended and how long they were
-- Reply    how often this process called, one letter for each claim, and for those with more to say a list:
--          position, one letter for each other span (s it is the same call, c another choice of it) that this one stands
--          above, the claimant as it was claimed first with its trailer, then those others with theirs
--   o owner, c owner of its output, s shadow, t settled, x its id tells no calls apart: claim the span by itself

local toleranceMs, contendersMax, spellsMax = 5000, 128, 1024
local toleranceShare, toleranceTokens, untold = 0.02, 2, 1099511627775
local lengthMax, spellWidth, unpackStruct = 1048575, 11, struct.unpack
local keepMs, windowMs, liveHour = floor(tonumber(ARGV[3])), tonumber(ARGV[4]), tonumber(ARGV[5])
local firstGroup = 7 + 2 * tonumber(ARGV[6])

local function hourOf(ms) return max(0, floor(ms / hourMs)) end

local function parse(raw)
  local _, span, live, e, length, rank, tenant, emitter, flags, input, cached, output =
    unpackStruct('>Bc8I4I6I4I2I4I4BI5I5I5', raw)
  local models = {}
  for at = 50, 46 + 4 * (flags % 4), 4 do models[#models + 1] = sub(raw, at, at + 3) end
  local trailerAt = 50 + 4 * #models
  return { raw = raw, span = span, live = live * 1000, e = e, s = e - length, rank = rank, tenant = tenant,
    emitter = emitter, isChoice = 128 <= flags, models = models, input = input, cached = cached, output = output,
    trailer = sub(raw, trailerAt, trailerAt + 7) }
end

-- By bytes: the order of Lua depends on the language of the server.
local function before(one, two)
  for at = 1, 8 do
    local a, b = byte(one, at), byte(two, at)
    if a ~= b then return a < b end
  end
  return false
end

local function outranks(one, two)
  if one.rank ~= two.rank then return two.rank < one.rank end
  if one.span ~= two.span then return before(one.span, two.span) end
  return two.tenant < one.tenant
end

local function near(a, b) return math.abs(a - b) <= max(toleranceTokens, max(a, b) * toleranceShare) end

local function agreeOnInput(one, two)
  if one.input == untold or two.input == untold then return true end
  return near(one.input, two.input) or near(one.input - one.cached, two.input) or near(one.input, two.input - two.cached)
end

-- A client of a proxy knows the model by an alias.
local function countAlike(one, two)
  if one.input == untold or two.input == untold then return false end
  if one.input == two.input then return true end
  if one.output == untold or two.output == untold then return false end
  return near(one.input, two.input) and near(one.output, two.output)
end

local function shareModel(one, two)
  if #one.models == 0 or #two.models == 0 then return true end
  for _, a in ipairs(one.models) do
    for _, b in ipairs(two.models) do if a == b then return true end end
  end
  return false
end

local function overlap(one, two) return one.s <= two.e + toleranceMs and two.s <= one.e + toleranceMs end

-- `s` the same call, `c` choices of one, nil where it is another call.
local function relationOf(one, two)
  if not overlap(one, two) then return nil end
  if one.span == two.span then return 's' end
  if not shareModel(one, two) then return one.emitter ~= two.emitter and countAlike(one, two) and 's' or nil end
  if one.emitter ~= two.emitter then return agreeOnInput(one, two) and 's' or nil end
  if one.input == two.input then
    return (one.output ~= two.output or (one.isChoice and two.isChoice)) and 'c' or 's'
  end
  return agreeOnInput(one, two) and one.output == two.output and 's' or nil
end

-- Live calls: what is stored, all at once, then what this batch makes of it.
local live, changed, lifetimes = {}, {}, {}
-- Calls that this batch claims for the first time, and once, with their claimant.
local fresh = {}
local firstHour, lastHour = hourOf(now), hourOf(now + windowMs)

-- Those whose window is open, and whoever overlaps one of them, if only by way of others.
local function readClaimants(value)
  local found, rest, at = {}, {}, 1
  while at <= #value do
    local length = byte(value, at)
    local one = parse(sub(value, at, at + length - 1))
    local list = now < one.live and found or rest
    list[#list + 1] = one
    at = at + length
  end
  at = 1
  while at <= #found and 0 < #rest do
    local apart = {}
    for _, other in ipairs(rest) do
      local list = overlap(found[at], other) and found or apart
      list[#list + 1] = other
    end
    rest, at = apart, at + 1
  end
  return found
end

local function loadLive(ids)
  for hour = firstHour, lastHour do
    local key = base .. 'c:' .. hour
    lifetimes[hour] = call('PTTL', key)
    if -2 < lifetimes[hour] then
      local values = call('HMGET', key, unpack(ids))
      for at = 1, #ids do
        if values[at] and not live[ids[at]] then live[ids[at]] = { hour = hour, list = readClaimants(values[at]) } end
      end
    end
  end
end

-- Calls that ended in one hour, for those that overlap: sets of the hours around, and the bucket of every call in each.
local function openGroup(at)
  local hour, first, last = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local claims, ids, records, raws = ARGV[at + 3], {}, {}, {}
  local group = { ids = ids, records = records, raws = raws, sets = {}, hours = {}, buckets = {} }
  local from, count = 1, 0
  while from <= #claims do
    local length = byte(claims, from + spellWidth)
    count = count + 1
    ids[count] = sub(claims, from, from + 6)
    records[count] = sub(claims, from, from + spellWidth - 1)
    raws[count] = sub(claims, from + spellWidth, from + spellWidth + length - 1)
    from = from + spellWidth + length
  end
  for one = first, last do
    local key = base .. 'o:'
    local set = openSet(key .. one, 7, spellWidth, (one + 1) * hourMs + keepMs, key .. (one - 1))
    if one == hour then
      makeRoom(set)
      group.own = #group.sets + 1
    end
    if one == hour or not set.isNew then
      local place = #group.sets + 1
      group.sets[place], group.hours[place], group.buckets[place] = set, one, loadBuckets(set, group.ids)
    end
  end
  return group
end

-- A spell as one number: the second of its end within its hour, and its length in seconds.
local function spellOf(one)
  local hour = hourOf(one.e)
  local last = ceil(one.e / 1000)
  local length = min(max(last - floor(one.s / 1000), 0), lengthMax)
  return hour, (last - hour * 3600) * (lengthMax + 1) + length
end

-- The first and the last second of a spell.
local function secondsOf(hour, number)
  local last = hour * 3600 + floor(number / (lengthMax + 1))
  return last - number % (lengthMax + 1), last
end

-- Spells that overlap the claim, as hour and number; and how many there are under the id.
local function oldSpells(group, index, one)
  local found, count, id = {}, 0, group.ids[index]
  for place, set in ipairs(group.sets) do
    local blob = joinedBlob(set, group.buckets[place][index])
    local at = findRecord(set, blob, id, 1)
    while at do
      count = count + 1
      local number = unpackStruct('>I4', blob, at + 7)
      local s, e = secondsOf(group.hours[place], number)
      if s <= ceil((one.e + toleranceMs) / 1000) and floor((one.s - toleranceMs) / 1000) <= e then
        found[#found + 1] = { group.hours[place], number }
      end
      at = findRecord(set, blob, id, at + spellWidth)
    end
  end
  return found, count
end

local function addSpell(group, index)
  addRecord(group.sets[group.own], group.buckets[group.own][index], group.records[index])
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

-- Whoever overlaps what is covered overlaps one of the spells.
local function covered(spells, one)
  local first, last = secondsOf(spellOf(one))
  for _, spell in ipairs(spells) do
    local from, to = secondsOf(spell[1], spell[2])
    if from <= first and last <= to then return true end
  end
  return false
end

local function explainedBy(list, spell)
  for _, other in ipairs(list) do
    local hour, number = spellOf(other)
    if hour == spell[1] and number == spell[2] then return true end
  end
  return false
end

-- Remembers a span that was not claimed before; returns a letter where it is not to be decided.
local function enter(group, index, record, one)
  local overlapping, count = oldSpells(group, index, one)
  if crowded(record.list, one) or spellsMax <= count then return 'x' end
  for _, spell in ipairs(overlapping) do if not explainedBy(record.list, spell) then return 't' end end
  if not covered(overlapping, one) then addSpell(group, index) end
  keep(group.ids[index], record, one)
end

-- Trailers as they are stored, where a reply or another hour needs them.
local trailers = {}
local function trailerOf(one)
  local text = trailers[one.trailer]
  for hour = firstHour, lastHour do
    if text then break end
    text = call('HMGET', base .. 'c:' .. hour, 't' .. one.trailer)[1]
  end
  trailers[one.trailer] = text
  return text or ''
end

local function decide(group, index, raw)
  local id = group.ids[index]
  if fresh[id] then
    live[id], changed[id], fresh[id] = { list = { parse(fresh[id]) } }, true, nil
  end
  local record = live[id] or { list = {} }
  local one, mine = parse(raw), nil
  for _, other in ipairs(record.list) do
    if other.span == one.span and other.tenant == one.tenant then mine = other end
  end
  local self, related = mine or one, {}
  for _, other in ipairs(record.list) do
    local relation = other ~= mine and relationOf(other, self)
    if relation then related[#related + 1] = { other, relation } end
  end
  if not mine then
    local letter = enter(group, index, record, one)
    if letter then return letter end
  end
  local kind, letters, more = 'o', {}, { 0, '', self.raw, trailerOf(self) }
  for _, pair in ipairs(related) do
    local other, relation = pair[1], pair[2]
    if not outranks(other, self) then
      letters[#letters + 1] = relation
      more[#more + 1], more[#more + 2] = other.raw, trailerOf(other)
    elseif relation == 's' then kind = 's'
    elseif kind == 'o' then kind = 'c' end
  end
  more[2] = concat(letters)
  if self.raw ~= raw or 0 < #letters then return kind, more end
  return kind
end

-- Whether nothing is known under an id. That may be wrong by the bytes of two neighbours; it is looked at again then.
local function isNew(group, index, id)
  if live[id] or fresh[id] then return false end
  for place = 1, #group.sets do
    local blob = group.sets[place].blobs[group.buckets[place][index]]
    if blob ~= '' and find(blob, id, 1, true) then return false end
  end
  return true
end

-- Lives end in whole seconds, rounded up, so at most one hour behind the last that is looked at.
local function hourOfLives(record)
  local untilMs = 0
  for _, one in ipairs(record.list) do untilMs = max(untilMs, one.live) end
  return min(hourOf(untilMs), lastHour)
end

local function writeLive()
  if not next(changed) and not next(fresh) then return end
  -- Trailers of this batch stand where its claims do.
  local writes, removals, needed = { [liveHour] = {} }, {}, {}
  for at = 7, firstGroup - 1 do writes[liveHour][at - 6] = ARGV[at] end
  local fields = writes[liveHour]
  local at = #fields
  for id, raw in pairs(fresh) do
    fields[at + 1], fields[at + 2] = id, raw
    at = at + 2
  end
  for id in pairs(changed) do
    local record, parts = live[id], {}
    local hour = hourOfLives(record)
    writes[hour], needed[hour] = writes[hour] or {}, needed[hour] or {}
    for _, one in ipairs(record.list) do
      parts[#parts + 1] = one.raw
      needed[hour][one.trailer] = trailerOf(one)
    end
    if record.hour and record.hour ~= hour then
      removals[record.hour] = removals[record.hour] or {}
      table.insert(removals[record.hour], id)
    end
    table.insert(writes[hour], id)
    table.insert(writes[hour], concat(parts))
  end
  for hour, texts in pairs(needed) do
    for trailer, text in pairs(texts) do
      if text ~= '' then
        table.insert(writes[hour], 't' .. trailer)
        table.insert(writes[hour], text)
      end
    end
  end
  for hour, fields in pairs(writes) do
    local key = base .. 'c:' .. hour
    writeFields(key, fields)
    if lifetimes[hour] < 0 then call('PEXPIRE', key, (hour + 2) * hourMs - now) end
  end
  for hour, ids in pairs(removals) do call('HDEL', base .. 'c:' .. hour, unpack(ids)) end
end

local groups, ids = {}, {}
for at = firstGroup, #ARGV, 4 do
  local group = openGroup(at)
  groups[#groups + 1] = group
  for _, id in ipairs(group.ids) do ids[#ids + 1] = id end
end
loadLive(ids)
local calls = tryWriting()
for trailer = 7, firstGroup - 1, 2 do trailers[sub(ARGV[trailer], 2)] = ARGV[trailer + 1] end

local letters, replies = {}, { calls, '' }
for _, group in ipairs(groups) do
  local own, ownBuckets, records, raws = group.sets[group.own], group.buckets[group.own], group.records, group.raws
  for index = 1, #group.ids do
    local id, letter, more = group.ids[index], 'o', nil
    if isNew(group, index, id) then
      addRecord(own, ownBuckets[index], records[index])
      fresh[id] = raws[index]
    else letter, more = decide(group, index, raws[index]) end
    letters[#letters + 1] = letter
    if more then
      more[1] = #letters - 1
      replies[#replies + 1] = more
    end
  end
end
replies[2] = concat(letters)
writeSets()
writeLive()
return replies
