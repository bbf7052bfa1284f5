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
local letters, fresh, isAll = {}, {}, true
for _, hour in ipairs(hours) do
  for position, span in ipairs(hour.spans) do
    local letter = 'c'
    if 0 < hour.cancelled.records and hasRecord(hour.cancelled, span) then letter = 'x'
    elseif hasRecord(hour.charged, span) then letter = 'r'
    elseif not fitsAll and not addRow(hour, position) then letter = 'f'
    else
      addRecord(hour.charged, span, span)
      fresh[#fresh + 1] = { hour, position }
    end
    isAll = isAll and letter == 'c'
    letters[#letters + 1] = letter
  end
end
if fitsAll and isAll then
  for _, counter in ipairs(counters) do addTo(counter, 1, unpack(counter.sums)) end
elseif fitsAll then
  for _, one in ipairs(fresh) do addRow(one[1], one[2]) end
end

writeSets()
local replies = { calls, concat(letters) }
for _, counter in ipairs(counters) do
  writeCounter(counter)
  tellCounter(counter, replies)
end
return replies
