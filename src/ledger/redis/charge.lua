-- Adds the amounts of spans that are neither charged nor cancelled to all their counters at once.
--
-- ARGV     as `rows.lua` says
-- Reply    how often this process called, one letter for each span, then c h i o r u of each counter
--   c charged, r replayed, x cancelled, f a counter would pass its largest value: nothing was added

local function addRow(hour, position)
  local route, high, low, input, output, requests, unpriced = rowOf(hour, position)
  for _, counter in ipairs(route) do
    if not fits(counter, high, low, input, output) then return false end
  end
  for _, counter in ipairs(route) do addTo(counter, 1, high, low, input, output, requests, unpriced) end
  return true
end

local fitsAll = true
for _, counter in ipairs(counters) do
  local sums = counter.sums
  fitsAll = fitsAll and fits(counter, sums[1], sums[2], sums[3], sums[4])
end

-- Where nothing was charged before and all sums fit, what all spans add together is added at once.
local letters, isAll = {}, true
for _, hour in ipairs(hours) do
  local charged, cancelled, chargedAt, cancelledAt = hour.charged, hour.cancelled, hour.chargedAt, hour.cancelledAt
  local spans, seen = hour.spans, {}
  for position = 1, #spans do
    local span, bucket, letter = spans[position], chargedAt[position], 'c'
    if cancelledAt and has(cancelled, cancelledAt[position], span) then letter = 'x'
    elseif seen[span] or has(charged, bucket, span) then letter = 'r'
    elseif not fitsAll and not addRow(hour, position) then letter = 'f'
    else
      seen[span] = true
      addRecord(charged, bucket, span)
    end
    isAll = isAll and letter == 'c'
    letters[#letters + 1] = letter
  end
end
if fitsAll and isAll then
  for _, counter in ipairs(counters) do addTo(counter, 1, unpack(counter.sums)) end
elseif fitsAll then
  local at = 0
  for _, hour in ipairs(hours) do
    for position = 1, #hour.spans do
      at = at + 1
      if letters[at] == 'c' then addRow(hour, position) end
    end
  end
end

writeSets()
local replies = { calls, concat(letters) }
for _, counter in ipairs(counters) do
  writeCounter(counter)
  tellCounter(counter, replies)
end
return replies
