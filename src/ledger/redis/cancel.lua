-- Takes back what was charged for spans; those that were not charged never will be.
--
-- ARGV     as `rows.lua` says
-- Reply    how often this process called, one letter for each span
--   r reversed, b barred: it was not charged, k known: it was cancelled before

local letters = {}
for _, hour in ipairs(hours) do
  local seen = {}
  for position, span in ipairs(hour.spans) do
    local letter, bucket = 'k', hour.cancelledAt[position]
    if not seen[span] and not has(hour.cancelled, bucket, span) then
      seen[span] = true
      addRecord(hour.cancelled, bucket, span)
      letter = 'b'
      if has(hour.charged, hour.chargedAt[position], span) then
        letter = 'r'
        local route, high, low, input, output, requests, unpriced = rowOf(hour, position)
        for _, counter in ipairs(route) do
          -- A counter that has expired has nothing to give back.
          if not counter.isNew then addTo(counter, -1, high, low, input, output, requests, unpriced) end
        end
      end
    end
    letters[#letters + 1] = letter
  end
end
writeSets()
for _, counter in ipairs(counters) do writeCounter(counter) end
return { calls, concat(letters) }
