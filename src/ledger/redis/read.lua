-- What stands in counters of one tenant, without holds that are over.
--
-- ARGV     now in ms, nothing, then the names of the counters
-- Beside KEYS[1]: counters, `hh` and `hx` (`head.lua`)
-- Reply    c h i o r u of each counter

endHolds()
local replies = {}
for at = 3, #ARGV do tellCounter(openCounter(ARGV[at], 0), replies) end
return replies
