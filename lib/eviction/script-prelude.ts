import { ENDLESS_MS } from '../cache/index.js';
import { MAXIMUM_WAIT_MS } from '../time/index.js';
import { LEAST_DAMAGED } from './generation.js';

/**
 * How long the bookkeeping of a cache outlives the last instance that has it: longer than entries without end
 * live.
 */
const FORSAKEN_MS = ENDLESS_MS + 86_400_000;

/** The Lua functions about numbers, generations, announcements and the lists of the living. */
export const GENERATION = `
local function micros()
  local t = redis.call('TIME')
  return string.format('%d%06d', tonumber(t[1]), tonumber(t[2]))
end
-- What Redis answers. It is a table if another program has put a key of another type, or no number, there.
-- Other errors are raised, so that the caller hears of them.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) or string.find(reply.err, 'not an integer', 1, true) or string.find(reply.err, 'overflow', 1, true) then
    return reply
  end
  return redis.call(...)
end
-- The generation or number that a stored string stands for. nil: it cannot be one. Another program wrote it, or
-- the key has another type.
local function number(stored)
  if type(stored) ~= 'string' or #stored > 16 or not string.match(stored, '^[1-9]%d*$') then return nil end
  local n = tonumber(stored)
  if n < ${LEAST_DAMAGED} then return n end
end
-- A generation that is newer than both. The second result: there is none above them, so it is an older one.
local function fresh(known, stored)
  local n = math.max(tonumber(micros()), (known or 0) + 1, (stored or 0) + 1)
  if n < ${LEAST_DAMAGED} then return string.format('%.0f', n), false end
  return micros(), true
end
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '?'
end
-- Whether our scripts have begun this generation: they write it behind the run id as well. Otherwise another
-- program has put it there. It may be an old one, with what was stored in it.
local function isOurs(rid, gen)
  return type(rid) == 'string' and string.match(rid, ':(%d+)$') == gen
end
local function generation(key, ridKey, expected)
  local current = try('GET', key)
  if current == expected then return nil end
  if not current then
    current = micros()
    redis.call('SET', key, current)
    redis.call('SET', ridKey, run() .. ':' .. current) -- so that the first heartbeat does not abandon it
  elseif not number(current) or not isOurs(try('GET', ridKey), current) then
    return { 'damaged' }
  end
  return { 'generation', current }
end
local function unlink(from, to)
  local removed = 0
  for i = from, to, 1000 do
    removed = removed + redis.call('UNLINK', unpack(KEYS, i, math.min(i + 999, to)))
  end
  return removed
end
local function announce(seqKey, channel, head, gen, tail)
  local seq = try('INCR', seqKey)
  if type(seq) == 'table' or seq < 2 or seq >= ${LEAST_DAMAGED} then -- lost or damaged; no number may be used twice
    seq = tonumber(micros())
    redis.call('SET', seqKey, micros())
  end
  redis.call('PUBLISH', channel, head .. string.format('%.0f', seq) .. ',"gen":"' .. gen .. '","at":' .. micros() .. tail)
  return seq
end
local function millis()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
-- Since when the list of the living is complete, and the longest bound of the instances that wrote to it. nil: not
-- known. It is written to at least four times a bound. If half of the longest bound has passed since the last
-- write, the clock may have been set, and the list proves nothing any more.
local function age(bornKey, now)
  local stored = try('GET', bornKey)
  if type(stored) ~= 'string' or #stored > 48 then return nil, nil end
  local born, last, longest = string.match(stored, '^(%d+):(%d+):(%d+)$')
  if not born then return nil, nil end
  longest = math.min(tonumber(longest), ${MAXIMUM_WAIT_MS})
  if math.abs(now - tonumber(last)) > longest / 2 then return nil, longest end
  return tonumber(born), longest
end
local function audience(membersKey, bornKey)
  local now = millis()
  local born, longest = age(bornKey, now)
  local members = try('ZRANGEBYSCORE', membersKey, '-inf', '+inf')
  if members.err or #members == 0 then born, members = nil, {} end
  return { tostring(now), born and tostring(born) or '', longest and tostring(longest) or '', members }
end
-- Writes strings again, with an end or without. This needs no right to EXPIRE or PERSIST.
local function rewrite(keys, ...)
  for _, key in ipairs(keys) do
    local value = try('GET', key)
    if type(value) == 'string' then redis.call('SET', key, value, ...) end
  end
end
-- Gives the bookkeeping an end if no living instance has the cache. Dead instances are taken off the list. One that
-- comes back is new to it.
local function forsake(seqKey, genKey, ridKey, membersKey, bornKey)
  local now = millis()
  if try('ZRANGEBYSCORE', membersKey, '(' .. now, '+inf', 'LIMIT', 0, 1)[1] then return end
  try('ZREMRANGEBYSCORE', membersKey, '-inf', now)
  rewrite({ seqKey, genKey, ridKey, bornKey }, 'PX', ${FORSAKEN_MS})
end
`;

/**
 * Values and leases are strings. Another type in their place is another program's mistake: it is removed, and
 * counts as absent.
 */
export const READ = `
local function read(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then return value end
  if not string.find(value.err, 'WRONGTYPE', 1, true) then return redis.call('GET', key) end -- raises the error
  redis.call('UNLINK', key)
  return false
end
`;
