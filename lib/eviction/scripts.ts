import { Script } from '../cache/index.js';
import { LEAST_DAMAGED } from './generation.js';

/** The largest `bound` there is. */
const LONGEST_BOUND_MS = 86_400_000;

/**
 * The Lua scripts. A Redis server runs them one at a time, each as a whole: that is what makes "delete, number, publish" one step and
 * what the fences rest on. Every script that touches data first checks that the caller's generation is the current one; if not it changes
 * nothing and answers `{'generation', <current>}`, and the caller asks again with the right keys.
 *
 * Writes are ordered so that evictions work on a server that is out of memory: Redis refuses a growing command only while a script has
 * not written yet, and UNLINK never grows (Redis 7, `scriptVerifyOOM`).
 */
const GENERATION = `
local function micros()
  local t = redis.call('TIME')
  return string.format('%d%06d', tonumber(t[1]), tonumber(t[2]))
end
-- What Redis answers. Where another program has put a key of another type, or no number, that is a table. Other errors are the caller's to hear.
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) or string.find(reply.err, 'not an integer', 1, true) or string.find(reply.err, 'overflow', 1, true) then
    return reply
  end
  return redis.call(...)
end
-- The generation or number that a stored string stands for; nil if it cannot be one: another program wrote it, or another type lies there.
local function number(stored)
  if type(stored) ~= 'string' or #stored > 16 or not string.match(stored, '^[1-9]%d*$') then return nil end
  local n = tonumber(stored)
  if n < ${LEAST_DAMAGED} then return n end
end
-- A generation that is newer than both, and whether it is in truth an older one, since there is none above them.
local function fresh(known, stored)
  local n = math.max(tonumber(micros()), (known or 0) + 1, (stored or 0) + 1)
  if n < ${LEAST_DAMAGED} then return string.format('%.0f', n), false end
  return micros(), true
end
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or '?'
end
-- Whether the generation is one that our scripts have begun: they write it behind the run id as well. Else another program has put it there,
-- maybe one of old, with what was stored in it.
local function isOurs(rid, gen)
  return type(rid) == 'string' and string.match(rid, ':(%d+)$') == gen
end
local function generation(key, ridKey, expected)
  local current = try('GET', key)
  if current == expected then return nil end
  if not current then
    current = micros()
    redis.call('SET', key, current)
    redis.call('SET', ridKey, run() .. ':' .. current) -- else the first heartbeat would abandon it, with what was written meanwhile
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
  if type(seq) == 'table' or seq < 2 or seq >= ${LEAST_DAMAGED} then -- lost or damaged: no number is to be used twice
    seq = tonumber(micros())
    redis.call('SET', seqKey, micros())
  end
  redis.call('PUBLISH', channel, head .. string.format('%.0f', seq) .. ',"gen":"' .. gen .. '","at":' .. micros() .. tail)
  return seq
end
local function audience(membersKey, bornKey)
  local t = redis.call('TIME')
  local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
  local born = number(try('GET', bornKey))
  return { tostring(now), born and string.format('%.0f', born) or '', redis.call('ZRANGEBYSCORE', membersKey, '(' .. now, '+inf', 'WITHSCORES') }
end
`;

/** Values and leases are strings. What lies in their place and is none is somebody else's mistake: it is taken away, and is as good as nothing. */
const READ = `
local function read(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then return value end
  if not string.find(value.err, 'WRONGTYPE', 1, true) then return redis.call('GET', key) end -- fails as it did
  redis.call('UNLINK', key)
  return false
end
`;

/**
 * KEYS data × n, lease × n, gen, members, rid · ARGV generation, token, lease ms, '1' to drop what is there. Answers `{'leases', …}` with a
 * reply for each.
 */
export const ACQUIRE = new Script(
  'acquire',
  `${GENERATION}${READ}
local n = (#KEYS - 3) / 2
local moved = generation(KEYS[2 * n + 1], KEYS[2 * n + 3], ARGV[1])
if moved then return moved end
local function acquire(data, lease)
  if ARGV[4] == '1' then
    redis.call('UNLINK', data)
  else
    local value = read(data)
    if value then return { 'present', value } end
  end
  local held = read(lease)
  if held then
    -- A holder that stopped sending heartbeats is taken to be dead; were it alive, its fill would be refused.
    local holder = string.match(held, '^(.*)|')
    local score = holder and redis.call('ZSCORE', KEYS[2 * n + 2], holder)
    if score then
      local t = redis.call('TIME')
      if tonumber(score) > tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000 then return { 'busy' } end
    end
  end
  redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])
  return { 'granted' }
end
local replies = { 'leases' }
for i = 1, n do replies[i + 1] = acquire(KEYS[i], KEYS[n + i]) end
return replies`,
);

/**
 * KEYS data × n, lease × n, gen · ARGV generation, (token, raw, ttl ms ('0' = for ever)) × n. Answers of each whether it was stored, as 1
 * or 0. Refuses in silence: the generation may have moved too.
 */
export const FILL = new Script(
  'fill',
  `${READ}
local n = (#KEYS - 1) / 2
local isCurrent = redis.call('GET', KEYS[2 * n + 1]) == ARGV[1]
local stored = {}
for i = 1, n do
  local token, raw, ttl = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  stored[i] = 0
  if isCurrent and read(KEYS[n + i]) == token then
    if ttl == '0' then redis.call('SET', KEYS[i], raw) else redis.call('SET', KEYS[i], raw, 'PX', ttl) end
    redis.call('UNLINK', KEYS[n + i])
    stored[i] = 1
  end
end
return stored`,
);

/** KEYS lease · ARGV token. */
export const RELEASE = new Script(
  'release',
  `${READ}
if read(KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0`,
);

/**
 * The first half of a put; the second is {@link FILL}. Evicts, and takes the fill leases from whoever holds them. Were the values stored here,
 * a put that reached the server late (its caller long told that it failed) could store it after an eviction that came between: as a fill
 * it is refused then, like any load that was overtaken.
 * KEYS data × n, lease × n, seq, gen, rid · ARGV generation, token, lease ms, channel, head, tail, '1' to keep what is there (of one key).
 */
export const CLAIM = new Script(
  'claim',
  `${GENERATION}${READ}
local n = (#KEYS - 3) / 2
local moved = generation(KEYS[2 * n + 2], KEYS[2 * n + 3], ARGV[1])
if moved then return moved end
if ARGV[7] == '1' then
  local value = read(KEYS[1])
  if value then return { 'present', value } end
end
unlink(1, 2 * n)
for i = n + 1, 2 * n do redis.call('SET', KEYS[i], ARGV[2], 'PX', ARGV[3]) end
announce(KEYS[2 * n + 1], ARGV[4], ARGV[5], ARGV[1], ARGV[6])
return { 'granted' }`,
);

/** KEYS data × n, lease × n, seq, gen, members, born, rid · ARGV generation, n, channel, head, tail, '1' to list the audience. */
export const EVICT = new Script(
  'evict',
  `${GENERATION}
local n = tonumber(ARGV[2])
local seqKey, genKey = KEYS[2 * n + 1], KEYS[2 * n + 2]
local moved = generation(genKey, KEYS[2 * n + 5], ARGV[1])
if moved then return moved end
local removed = unlink(1, n)
unlink(n + 1, 2 * n)
local seq = announce(seqKey, ARGV[3], ARGV[4], ARGV[1], ARGV[5])
return { 'done', seq, removed, ARGV[6] == '1' and audience(KEYS[2 * n + 3], KEYS[2 * n + 4]) or false }`,
);

/**
 * KEYS seq, gen, members, born, rid · ARGV channel, head, tail, '1' to list the audience, known generation ('0': none).
 * Old entries become unreachable and die by their TTL. The generation always changes, whatever was stored. The last of the reply tells
 * whether it became a lower one.
 */
export const CLEAR = new Script(
  'clear',
  `${GENERATION}
local old = number(try('GET', KEYS[2]))
local gen, isLower = fresh(tonumber(ARGV[5]), old)
-- The run id stays: if it is another server's, the next heartbeat is to see it.
local rid = try('GET', KEYS[5])
local of = old and type(rid) == 'string' and string.match(rid, '^(%x+):') or run()
redis.call('UNLINK', KEYS[2])
redis.call('SET', KEYS[2], gen)
redis.call('SET', KEYS[5], of .. ':' .. gen)
local seq = announce(KEYS[1], ARGV[1], ARGV[2], gen, ARGV[3])
return { 'done', seq, gen, ARGV[4] == '1' and audience(KEYS[3], KEYS[4]) or false, isLower and '1' or '0' }`,
);

/**
 * KEYS (seq, gen, rid, members, born) × n, or one key to write where there is no cache yet · ARGV instance, lease ms, channel, head (the
 * echo without its end), known generation × n.
 * A write on purpose: a demoted primary refuses it, while it would still answer a PING or a plain PUBLISH.
 * A server with another run id, or one that knows less than the caller does, may hold the data of another time: its generation is
 * abandoned. Generations only ever grow, whatever the server's clock does, so that a late reply cannot take an instance back to an old one.
 * Bookkeeping that cannot be right is replaced, and the reply says so: on that alone an instance goes down to a lower generation.
 * The last of the reply is how many subscribers of this server (on a Redis Cluster: of this node) the echo went to.
 */
export const HEARTBEAT = new Script(
  'heartbeat',
  `${GENERATION}
local run = run()
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local lease = tonumber(ARGV[2])
local states, out = {}, {}
if #KEYS == 1 then redis.call('SET', KEYS[1], ARGV[1], 'PX', 10 * lease) end
for i = 1, #KEYS - 1, 5 do
  local seqKey, genKey, ridKey, membersKey, bornKey = KEYS[i], KEYS[i + 1], KEYS[i + 2], KEYS[i + 3], KEYS[i + 4]
  if type(try('ZREMRANGEBYSCORE', membersKey, '-inf', now - 10 * lease)) == 'table' then
    redis.call('UNLINK', membersKey, bornKey)
  end
  redis.call('ZREMRANGEBYSCORE', membersKey, now + ${2 * LONGEST_BOUND_MS}, '+inf') -- nobody can live that long
  local storedGen, storedSeq, storedRid = try('GET', genKey), try('GET', seqKey), try('GET', ridKey)
  local known, old, seq = tonumber(ARGV[4 + (i + 4) / 5]) or 0, number(storedGen), number(storedSeq)
  local gen = storedGen
  local isReplaced = (storedGen and (not old or not isOurs(storedRid, storedGen))) or (storedSeq and not seq) or type(storedRid) == 'table'
  if isReplaced or not old or storedRid ~= run .. ':' .. storedGen or known > old then
    local isLower
    gen, isLower = fresh(known, old)
    isReplaced = isReplaced or isLower
    redis.call('SET', ridKey, run .. ':' .. gen)
    redis.call('SET', genKey, gen)
    redis.call('UNLINK', bornKey) -- who else is alive is not known on this server
  end
  if seq then
    seq = storedSeq
  else
    seq = micros() -- never 0: that could be a number in use
    redis.call('SET', seqKey, seq)
  end
  if not number(try('GET', bornKey)) then redis.call('SET', bornKey, now) end
  redis.call('ZADD', membersKey, now + lease, ARGV[1])
  states[#states + 1] = '["' .. seq .. '","' .. gen .. '"]'
  out[#out + 1] = seq
  out[#out + 1] = gen
  out[#out + 1] = isReplaced and '1' or '0'
end
local reached = redis.call('PUBLISH', ARGV[3], ARGV[4] .. table.concat(states, ',') .. ']}')
out[#out + 1] = micros() -- for the sender's estimate of this clock
out[#out + 1] = tostring(reached)
return out`,
);

/** KEYS members × n · ARGV instance. */
export const LEAVE = new Script(
  'leave',
  `
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[1]) end
return 1`,
);

/** KEYS members × n · ARGV name. How many instances of this name are alive, by one list or another. */
export const NAMESAKES = new Script(
  'namesakes',
  `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local found, count = {}, 0
for i = 1, #KEYS do
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[i], '(' .. now, '+inf')) do
    if not found[member] and string.sub(member, 1, #ARGV[1]) == ARGV[1] then
      found[member] = true
      count = count + 1
    end
  end
end
return count`,
);
