import { Script } from '../redis/index.js';
import { MAXIMUM_WAIT_MS } from '../time/index.js';
import { GENERATION, READ } from './script-prelude.js';

// The Lua scripts. A Redis server runs them one at a time, each as a whole. That makes "delete, number,
// publish" one step, and the fences rest on it. Every script that touches data first checks that the caller's
// generation is the current one. If it is not, the script changes nothing and answers `{'generation',
// <current>}`; the caller then asks again with the right keys.
//
// Writes are ordered so that evictions work on a server that is out of memory: Redis refuses a growing
// command only while a script has not written yet, and UNLINK never grows (Redis 7, `scriptVerifyOOM`).

/**
 * KEYS data × n, lease × n, gen, members, rid · ARGV generation, token, lease ms, '1' to drop what is there.
 * Answers `{'leases', …}` with a reply for each key.
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
    -- A holder that sends no heartbeats counts as dead. If it is alive after all, its fill will be refused.
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
 * KEYS data × n, lease × n, gen · ARGV generation, (token, raw without its last brace, ttl ms) × n. Answers 1
 * for each entry that was stored, 0 for each that was not. It gives no reason: there may be a newer
 * generation, too. The end of an entry is written here, by the clock that will end it. No clock of a writer
 * occurs in it.
 */
export const FILL = new Script(
  'fill',
  `${READ}
local n = (#KEYS - 1) / 2
local isCurrent = redis.call('GET', KEYS[2 * n + 1]) == ARGV[1]
local stored = {}
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
for i = 1, n do
  local token, raw, ttl = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  stored[i] = 0
  if isCurrent and read(KEYS[n + i]) == token then
    redis.call('SET', KEYS[i], raw .. ',"end":' .. string.format('%.0f', now + ttl) .. '}', 'PX', ttl)
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
 * The first half of a put; the second is {@link FILL}. Evicts the keys, and takes their fill leases from
 * other holders. It does not store the values. If it did, a put that reached the server late, when its caller
 * had already been told that it failed, could store its value after an eviction that came in between. As a
 * fill it is refused then, like any load that was overtaken.
 * KEYS data × n, lease × n, seq, gen, rid · ARGV generation, token, lease ms, channel, head, tail, '1' to
 * keep what is there (of one key).
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

/**
 * KEYS data × n, lease × n, seq, gen, members, born, rid · ARGV generation, n, channel, head, tail, '1' to
 * list the audience, '1' from an instance that has no such cache: it sends no heartbeats for it, and never
 * leaves it.
 */
export const EVICT = new Script(
  'evict',
  `${GENERATION}
local n = tonumber(ARGV[2])
local seqKey, genKey, membersKey, bornKey, ridKey = unpack(KEYS, 2 * n + 1)
local moved = generation(genKey, ridKey, ARGV[1])
if moved then return moved end
local removed = unlink(1, n)
unlink(n + 1, 2 * n)
local seq = announce(seqKey, ARGV[3], ARGV[4], ARGV[1], ARGV[5])
local heard = ARGV[6] == '1' and audience(membersKey, bornKey)
if ARGV[7] == '1' then forsake(seqKey, genKey, ridKey, membersKey, bornKey) end
return { 'done', seq, removed, heard }`,
);

/**
 * KEYS seq, gen, members, born, rid · ARGV channel, head, tail, '1' to list the audience, known generation
 * ('0': none), '1' from an instance that has no such cache. Old entries become unreachable and expire by
 * their TTL. The generation always changes, whatever was stored. The last part of the reply tells whether it
 * became a lower one.
 */
export const CLEAR = new Script(
  'clear',
  `${GENERATION}
local old = number(try('GET', KEYS[2]))
local gen, isLower = fresh(tonumber(ARGV[5]), old)
-- The run id stays: if it is another server's, the next heartbeat must notice it.
local rid = try('GET', KEYS[5])
local of = old and type(rid) == 'string' and string.match(rid, '^(%x+):') or run()
redis.call('UNLINK', KEYS[2])
redis.call('SET', KEYS[2], gen)
redis.call('SET', KEYS[5], of .. ':' .. gen)
local seq = announce(KEYS[1], ARGV[1], ARGV[2], gen, ARGV[3])
local heard = ARGV[4] == '1' and audience(KEYS[3], KEYS[4])
if ARGV[6] == '1' then forsake(KEYS[1], KEYS[2], KEYS[5], KEYS[3], KEYS[4]) end
return { 'done', seq, gen, heard, isLower and '1' or '0' }`,
);

/**
 * KEYS (seq, gen, rid, members, born) × n, or one key to write while there is no cache · ARGV member, lease
 * ms, channel, head (the echo without its states and end), the longest bound known, known generation × n.
 * Answers (seq, gen, '1' if that was replaced) × n, the longest bound in the fleet, the time in microseconds,
 * and how many subscribers of this server (on a Redis Cluster: of this node) the echo went to.
 *
 * - It writes on purpose: a demoted primary refuses a write, while it would still answer a PING or a plain
 *   PUBLISH.
 * - A server with another run id, or one that knows less than the caller does, may hold the data of another
 *   time. Its generation is abandoned. Generations only ever grow, whatever the server's clock does, so that
 *   a late reply cannot take an instance back to an old one.
 * - Bookkeeping that cannot be right is replaced, and the reply says so. For that reason alone an instance
 *   takes over a lower generation.
 * - Members leave the list when they have been silent for long, or when they claim a time that nobody can
 *   live to. A member says its bound: see `memberOf`.
 * - An instance that is new to the list takes away the end that the last one to leave has set.
 */
export const HEARTBEAT = new Script(
  'heartbeat',
  `${GENERATION}
local run = run()
local now = millis()
local lease, known = tonumber(ARGV[2]), tonumber(ARGV[5])
local states, out, longestOfAll = {}, {}, lease
if #KEYS == 1 then redis.call('SET', KEYS[1], ARGV[1], 'PX', 10 * lease) end
local function longestOf(membersKey)
  local found = lease
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', membersKey, '-inf', '+inf')) do
    found = math.max(found, math.min(tonumber(string.match(member, ':(%d+)$') or '0'), ${MAXIMUM_WAIT_MS}))
  end
  return found
end
local function live(membersKey, bornKey, isAnotherServer, others)
  local listed = try('ZRANGEBYSCORE', membersKey, '-inf', '+inf', 'LIMIT', 0, 1)
  if listed.err then redis.call('UNLINK', membersKey) end
  local born, longest = age(bornKey, now)
  if isAnotherServer or listed.err or #listed == 0 then born = nil end -- the list may be incomplete
  longest = math.max(longest or known, lease)
  local left = redis.call('ZREMRANGEBYSCORE', membersKey, '-inf', now - 2 * longest)
    + redis.call('ZREMRANGEBYSCORE', membersKey, now + 2 * longest, '+inf')
  if redis.call('ZADD', membersKey, now + lease, ARGV[1]) == 1 then rewrite(others) end -- see forsake
  if left > 0 and born and now - born > 2 * longest then longest = longestOf(membersKey) end
  redis.call('SET', bornKey, string.format('%.0f:%.0f:%.0f', born or now, now, longest))
  longestOfAll = math.max(longestOfAll, longest)
end
for i = 1, #KEYS - 1, 5 do
  local seqKey, genKey, ridKey = KEYS[i], KEYS[i + 1], KEYS[i + 2]
  local storedGen, storedSeq, storedRid = try('GET', genKey), try('GET', seqKey), try('GET', ridKey)
  local seen, old, seq = tonumber(ARGV[5 + (i + 4) / 5]) or 0, number(storedGen), number(storedSeq)
  local gen = storedGen
  local isReplaced = (storedGen and (not old or not isOurs(storedRid, storedGen))) or (storedSeq and not seq) or type(storedRid) == 'table'
  local isAnotherTime = isReplaced or not old or storedRid ~= run .. ':' .. storedGen or seen > old
  if isAnotherTime then
    local isLower
    gen, isLower = fresh(seen, old)
    isReplaced = isReplaced or isLower
    redis.call('SET', ridKey, run .. ':' .. gen)
    redis.call('SET', genKey, gen)
  end
  if seq then
    seq = storedSeq
  else
    seq = micros() -- never 0: that number could be in use
    redis.call('SET', seqKey, seq)
  end
  live(KEYS[i + 3], KEYS[i + 4], isAnotherTime, { seqKey, genKey, ridKey })
  states[#states + 1] = '["' .. seq .. '","' .. gen .. '"]'
  out[#out + 1] = seq
  out[#out + 1] = gen
  out[#out + 1] = isReplaced and '1' or '0'
end
local reached = redis.call('PUBLISH', ARGV[3], ARGV[4] .. table.concat(states, ',') .. ']}')
out[#out + 1] = string.format('%.0f', longestOfAll)
out[#out + 1] = micros() -- for the sender's estimate of this clock
out[#out + 1] = tostring(reached)
return out`,
);

/**
 * KEYS (seq, gen, rid, members, born) × n · ARGV member. The last instance to leave gives the bookkeeping an
 * end.
 */
export const LEAVE = new Script(
  'leave',
  `${GENERATION}
for i = 1, #KEYS, 5 do
  try('ZREM', KEYS[i + 3], ARGV[1])
  forsake(unpack(KEYS, i, i + 4))
end
return 1`,
);

/** KEYS members × n · ARGV name. Answers how many instances of this name are alive, by any of the lists. */
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
