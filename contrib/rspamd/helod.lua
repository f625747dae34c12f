-- SPDX-License-Identifier: BSD-2-Clause
-- rspamd: reads the header that helod adds with header = "score". The symbol's weight grows with the points: 5 for 100.
rspamd_config:register_symbol({
  name = 'HELOD_SCORE',
  type = 'normal',
  score = 1.0,
  group = 'helod',
  description = 'greeting judged by helod',
  callback = function(task)
    -- The topmost header is the first one, and it is helod's own. "at least 85": helod stopped once the outcome was decided.
    local header = task:get_header('X-HELO-Score')
    local number = header and header:gsub('^%s*at least ', ''):match('^%s*(%d+)%s')
    local points = number and tonumber(number)
    if points and points >= 30 then
      task:insert_result('HELOD_SCORE', math.min(points, 150) / 20, tostring(points))
    end
  end,
})
