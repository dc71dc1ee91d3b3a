import { ALL_KEYS } from '../cache/index.js';
import { Script } from '../redis/index.js';
import { MAXIMUM_WAIT_MS } from '../time/index.js';
import { LEAST_DAMAGED, PURE } from './cache-state.js';
import { COUNT, HOSTS, INTENTS, LIFE, LIVING, MARK, READ, STATE, TAGS } from './script-prelude.js';

// The Lua scripts. Redis runs them one at a time, each as a whole. So "delete, number, publish" is one step,
// and the fences rest on it. ACQUIRE, CLAIM, EVICT and EVICT_TAGS touch no data, and answer `{'generation',
// <current>}`, if the caller's is another one; it asks again then. FILL stores nothing then.
//
// Writes are ordered so that evictions work on a server that is out of memory: Redis refuses a growing
// command only while a script has not written yet, and UNLINK never grows (Redis 7, `scriptVerifyOOM`).

/**
 * KEYS data × n, lease × n, state, members, intents · ARGV generation, token, lease ms, '1' from an instance
 * that stores tags, wish × n: '' for what is there, unless its life has ended; 'old' to be sent it then as
 * well; 'drop' to drop it first; or an age in ms: what is there counts only if it is younger. Answers
 * `{'leases', number, …}` with a reply for each key: the number is that of the last eviction. `withheld`: a
 * write of it is under way, so nothing may be stored.
 */
export const ACQUIRE = new Script(
  'acquire',
  `${STATE}${COUNT}${LIVING}${INTENTS}${READ}${LIFE}
local n = (#KEYS - 3) / 2
local seq, of = current(KEYS[2 * n + 1], ARGV[1])
if not seq then return of end
local isWithheld = withheld(KEYS[2 * n + 3], fieldsOf(ARGV[1], 1, n))
local function acquire(i, data, lease, wish)
  if wish == 'drop' then redis.call('UNLINK', data) end
  local value = wish ~= 'drop' and read(data)
  if value and counts(value, tonumber(wish)) then return { 'present', value } end
  local old = wish == 'old' and value or nil
  if isWithheld and isWithheld[i] then return { 'withheld' } end
  local held = read(lease)
  if held then
    -- A holder that sends no heartbeats counts as dead. If it is alive after all, its fill will be refused.
    local holder = string.match(held, '^(.*)|')
    local score = holder and redis.pcall('ZSCORE', KEYS[2 * n + 2], holder)
    if type(score) == 'string' and tonumber(score) > time() then return { 'busy', old } end
  end
  local mixed = filledBy(ARGV[4], of)
  if mixed ~= of then
    of = mixed
    redis.call('SET', KEYS[2 * n + 1], seq .. ':' .. ARGV[1] .. ':' .. of, 'KEEPTTL')
  end
  redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])
  return { 'granted', old }
end
local replies = { 'leases', seq }
for i = 1, n do replies[i + 2] = acquire(i, KEYS[i], KEYS[n + i], ARGV[4 + i]) end
return replies`,
);

/**
 * KEYS data × n, lease × n, state · ARGV generation, (token, raw without its last brace, ttl ms) × n. Answers
 * 1 for each entry that was stored, 0 for each that was not. It gives no reason: there may be a newer
 * generation, too. The end of an entry is written here, by the clock that will end it. No clock of a writer
 * occurs in it.
 */
export const FILL = new Script(
  'fill',
  `${STATE}${READ}
local n = (#KEYS - 1) / 2
local _, gen = parse(stored(KEYS[2 * n + 1]))
local filled = {}
local now = time()
for i = 1, n do
  local token, raw, ttl = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  filled[i] = 0
  if gen == ARGV[1] and read(KEYS[n + i]) == token then
    redis.call('SET', KEYS[i], raw .. ',"end":' .. string.format('%.0f', now + ttl) .. '}', 'PX', ttl)
    redis.call('UNLINK', KEYS[n + i])
    filled[i] = 1
  end
end
return filled`,
);

/** KEYS lease × n · ARGV token × n. Answers how many of them were given back. */
export const RELEASE = new Script(
  'release',
  `${READ}
local released = 0
for i, key in ipairs(KEYS) do
  if read(key) == ARGV[i] then released = released + redis.call('UNLINK', key) end
end
return released`,
);

/**
 * The first half of a put; the second is {@link FILL}. Evicts the keys, and takes their fill leases from
 * other holders. It does not store the values. If it did, a put that reached the server late, when its caller
 * had already been told that it failed, could store its value after an eviction that came in between. As a
 * fill it is refused then, like any load that was overtaken.
 * Of a key that is written by somebody it takes no lease, so nothing is stored: the value may have been
 * computed before that write. Answers how many these are, and the number of this eviction.
 * KEYS data × n, lease × n, state, intents · ARGV generation, token, lease ms, channel, head, tail, '1' to
 * keep what is there (of one key), '1' from an instance that stores tags.
 */
export const CLAIM = new Script(
  'claim',
  `${STATE}${COUNT}${LIVING}${INTENTS}${READ}${LIFE}
local n = (#KEYS - 2) / 2
local seq, of = current(KEYS[2 * n + 1], ARGV[1])
if not seq then return of end
local isWithheld, count = withheld(KEYS[2 * n + 2], fieldsOf(ARGV[1], 1, n)), 0
if ARGV[7] == '1' then
  local value = read(KEYS[1])
  if value and counts(value) then return { 'present', value } end
end
unlink(1, 2 * n)
for i = 1, n do
  if isWithheld and isWithheld[i] then count = count + 1 else redis.call('SET', KEYS[n + i], ARGV[2], 'PX', ARGV[3]) end
end
local number = announce(KEYS[2 * n + 1], seq, ARGV[1], filledBy(ARGV[8], of), ARGV[4], ARGV[5], ARGV[6])
return { 'granted', count, number }`,
);

/**
 * KEYS data × n, lease × n, state, members, hosts, intents · ARGV generation, n, channel, head, tail, cache,
 * '1' to list the audience, '1' from an instance that has no such cache: it sends no heartbeats for it, and
 * never leaves it; the token of a write intent (optional), and how long it is set for in ms ('' ends it).
 */
export const EVICT = new Script(
  'evict',
  `${STATE}${COUNT}${LIVING}${HOSTS}${INTENTS}
local n = tonumber(ARGV[2])
local stateKey, membersKey, hostsKey, intentsKey = unpack(KEYS, 2 * n + 1)
local seq, of = current(stateKey, ARGV[1])
if not seq then return of end
local removed = unlink(1, n)
unlink(n + 1, 2 * n)
if ARGV[9] then intend(intentsKey, fieldsOf(ARGV[1], 1, n), ARGV[9], ARGV[10]) end
local number = announce(stateKey, seq, ARGV[1], of, ARGV[3], ARGV[4], ARGV[5])
local heard = ARGV[7] == '1' and audience(membersKey, hostsKey, ARGV[6])
if ARGV[8] == '1' then forsake(membersKey, hostsKey, { [ARGV[6]] = { stateKey } }) end
return { 'done', number, removed, heard }`,
);

/**
 * KEYS state, members, hosts, tags · ARGV generation, channel, head, tail, cache, '1' to list the audience,
 * '1' from an instance that has no such cache, tag × n. Takes no entry away: an entry whose load began before
 * this number is not served any more.
 *
 * In two cases it begins a new generation, which the caller has to repeat it in: the server has lost what it
 * knew of tags; or an instance without tags was allowed to store in this one. Its entries say nothing of
 * tags, and it would go on serving them.
 */
export const EVICT_TAGS = new Script(
  'evict-tags',
  `${STATE}${COUNT}${LIVING}${HOSTS}${TAGS}
local stateKey, membersKey, hostsKey, tagsKey = unpack(KEYS)
local seq, of = current(stateKey, ARGV[1])
if not seq then return of end
try('ZREM', tagsKey, '') -- Memory may be full, but a script that has written may write more.
local isLast = tonumber(seq) + 1 >= ${LEAST_DAMAGED}
if isLast or not isPure(of) or not redis.call('ZSCORE', tagsKey, '*' .. ARGV[1]) then
  local gen = fresh(tonumber(ARGV[1]), nil)
  if isLast then seq = micros() end
  beginTags(tagsKey, gen, seq)
  redis.call('SET', stateKey, seq .. ':' .. gen .. ':' .. filledBy('0', of) .. '${PURE}', 'KEEPTTL')
  return { 'generation', gen }
end
local number = announce(stateKey, seq, ARGV[1], of, ARGV[2], ARGV[3], ARGV[4])
noteTags(tagsKey, ARGV[1], string.format('%.0f', number), { unpack(ARGV, 8) })
local heard = ARGV[6] == '1' and audience(membersKey, hostsKey, ARGV[5])
if ARGV[7] == '1' then forsake(membersKey, hostsKey, { [ARGV[5]] = { stateKey, tagsKey } }) end
return { 'done', number, 0, heard }`,
);

/**
 * KEYS state, members, hosts, intents, tags · ARGV channel, head, tail, cache, '1' to list the audience, '1'
 * from an instance that has no such cache, known generation ('0': none), '1' from an instance that stores
 * tags, and of a write intent token and length as in {@link EVICT}. Old entries become unreachable and expire
 * by their TTL. The generation always changes, whatever was stored. The last part of the reply tells whether
 * it became a lower one.
 */
export const CLEAR = new Script(
  'clear',
  `${STATE}${COUNT}${LIVING}${HOSTS}${INTENTS}${TAGS}
local stateKey, membersKey, hostsKey, intentsKey, tagsKey = unpack(KEYS)
local seq, old, of = parse(stored(stateKey))
local gen, isLower = fresh(tonumber(ARGV[7]), tonumber(old))
redis.call('UNLINK', stateKey)
intend(intentsKey, { '${ALL_KEYS}' }, ARGV[9], ARGV[10])
-- The run id stays: if it is another server's, the next heartbeat must notice it.
of = (of or run()) .. (ARGV[8] == '1' and '${PURE}' or '')
local number = announce(stateKey, seq, gen, of, ARGV[1], ARGV[2], ARGV[3])
if ARGV[8] == '1' then beginTags(tagsKey, gen, string.format('%.0f', number)) end
local heard = ARGV[5] == '1' and audience(membersKey, hostsKey, ARGV[4])
if ARGV[6] == '1' then forsake(membersKey, hostsKey, { [ARGV[4]] = { stateKey, tagsKey } }) end
return { 'done', number, gen, heard, isLower and '1' or '0' }`,
);

/**
 * KEYS intents · ARGV token, length in ms, fields. Renews a write intent. Answers 0, and changes nothing, if
 * it has ended on one of them: others may have stored old values since, so an eviction must set it again.
 */
export const RENEW = new Script(
  'renew',
  `${STATE}${LIVING}${INTENTS}
local fields, now = { unpack(ARGV, 3) }, time()
for _, value in ipairs(try('HMGET', KEYS[1], unpack(fields))) do
  if not value or not writes(value, now)[ARGV[1]] then return 0 end
end
intend(KEYS[1], fields, ARGV[1], ARGV[2])
return 1`,
);

/** KEYS intents · ARGV field. Answers 1 if that key is being written. */
export const WITHHELD = new Script(
  'withheld',
  `${STATE}${LIVING}${INTENTS}
return withheld(KEYS[1], { ARGV[1] }) and 1 or 0`,
);

/**
 * KEYS members, hosts, state × n, tags × m · ARGV member, lease ms, channel, head (the echo without its
 * states and end), the longest bound known, the names of its caches between commas, what is known of each
 * (its last state, or a generation; '0': nothing) between commas, the run id that all of it is of ('': not
 * all are states, or they differ), and which of the caches store tags, counted from 1, between commas.
 * Answers the states as they are now, between commas ('': as they are known); the numbers of those that were
 * replaced, likewise; the longest bound in the fleet; the time in seconds, and the microseconds of it; and
 * how many subscribers of this server (on a Redis Cluster: of this node) the echo went to.
 *
 * - It writes on purpose: a demoted primary refuses a write, while it would still answer a PING or a plain
 *   PUBLISH.
 * - It reads all states at once. It looks into them only if they are not as the caller knows them, and writes
 *   one only where something is missing, or is of another run.
 * - A server with another run id, or one that knows less than the caller does, may hold the data of another
 *   time. Its generation is abandoned. So is one of a cache that stores tags, if the record of its tags was
 *   lost, or never begun. Generations only ever grow, whatever the server's clock does, so that a late reply
 *   cannot take an instance back to an old one.
 * - A state that cannot be right is replaced, and the reply says so. For that reason alone an instance takes
 *   over a lower generation.
 * - Members leave the list when they have been silent for long, or when they claim a time that nobody can
 *   live to. The first beat in each longest bound looks for them. A member says its bound: see `memberOf`.
 * - An instance that is new to the list, or has other caches than it said, takes away the end that the last
 *   one to leave has set.
 * - A beat may be executed late, after one that names more caches. It takes no name away. If the names of a
 *   living instance are gone, the list counts as begun now.
 */
export const HEARTBEAT = new Script(
  'heartbeat',
  `${STATE}${LIVING}${TAGS}
local membersKey, hostsKey = KEYS[1], KEYS[2]
local member, lease, names = ARGV[1], tonumber(ARGV[2]), ARGV[6]
local run, t = run(), redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)

local born, noted, isListed, last = age(membersKey, run, now, member)
-- Names only grow while an instance lives. If those written go on where these end, a later beat came first.
local written = try('HGET', hostsKey, member)
local isWritten = written == names or (written and written ~= '' and (names == '' or string.sub(written, 1, #names + 1) == names .. ','))
-- If the line of a living instance is gone, all lines may be. A late beat could have written an older one since.
if isListed and tonumber(isListed) > now and not written then born = nil end
local longest = math.max(noted or tonumber(ARGV[5]), lease)
if not last or math.floor(now / longest) ~= math.floor(last / longest) then
  local function leave(from, to)
    for _, gone in ipairs(members(membersKey, from, to)) do
      redis.call('ZREM', membersKey, gone)
      try('HDEL', hostsKey, gone)
      if gone == member then isListed, isWritten = nil, false end
    end
  end
  leave('-inf', now - 2 * longest)
  leave(now + 2 * longest, '(${MARK}')
  if born and now - born > 2 * longest then -- whoever had the longest may have left
    longest = lease
    for _, each in ipairs(members(membersKey, '-inf', '(${MARK}')) do
      longest = math.max(longest, math.min(tonumber(string.match(each, ':(%d+)$') or '0'), ${MAXIMUM_WAIT_MS}))
    end
  end
end

if not isListed or not isWritten then -- see forsake
  for i = 1, #KEYS do redis.call('PERSIST', KEYS[i]) end
end
local added = redis.pcall('ZADD', membersKey, now + lease, member, ${MARK} + now, ':last')
if type(added) == 'table' then
  redis.call('PERSIST', membersKey) -- Memory is full, but a script that has written may write more.
  redis.call('ZADD', membersKey, now + lease, member, ${MARK} + now, ':last')
end
if not isWritten then redis.call('HSET', hostsKey, member, names) end
if not born then -- the list may be incomplete
  for _, mark in ipairs(members(membersKey, ${MARK}, '+inf')) do
    if mark ~= ':last' then redis.call('ZREM', membersKey, mark) end
  end
end
if not born or longest ~= noted then
  redis.call('ZADD', membersKey, ${MARK} + (born or now), ':born:' .. run, ${MARK} + longest, ':longest')
end

local stored, replaced, tagged, tagsOf = {}, {}, {}, {}
for i in string.gmatch(ARGV[9], '%d+') do tagged[#tagged + 1] = tonumber(i) end
local lastState = #KEYS - #tagged
for i, n in ipairs(tagged) do tagsOf[n] = KEYS[lastState + i] end
for from = 3, lastState, 1000 do
  local some = redis.call('MGET', unpack(KEYS, from, math.min(from + 999, lastState)))
  if from == 3 then stored = some else for i = 1, #some do stored[#stored + 1] = some[i] end end
end
local isWhole, states = pcall(table.concat, stored, ',')
local isKnown = isWhole and states == ARGV[7] and run == ARGV[8]
if not isKnown then
  local n = 0
  for known in string.gmatch(ARGV[7], '[^,]+') do
    n = n + 1
    local seq, gen, of = parse(stored[n])
    local seen, old = tonumber(string.match(known, ':(%d+):') or known), tonumber(gen)
    local tagsKey = tagsOf[n]
    if of ~= run or seen > old or (tagsKey and not try('ZSCORE', tagsKey, '*' .. gen)) then
      local gen, isLower = fresh(seen, old)
      if isLower or (stored[n] and not old) then replaced[#replaced + 1] = n - 1 end
      local number = seq or micros() -- never 0: that number could be in use
      if tagsKey then beginTags(tagsKey, gen, number) end
      stored[n] = number .. ':' .. gen .. ':' .. run .. (tagsKey and '${PURE}' or '')
      redis.call('SET', KEYS[n + 2], stored[n])
    end
  end
  states = table.concat(stored, ',')
end
local reached = redis.call('PUBLISH', ARGV[3], ARGV[4] .. states .. '"}')
return { isKnown and '' or states, table.concat(replaced, ','), longest, t[1], t[2], reached }`,
);

/**
 * KEYS members, hosts, (state, intents, tags) × n · ARGV member, cache × n. The last instance to leave gives
 * the bookkeeping an end.
 */
export const LEAVE = new Script(
  'leave',
  `${STATE}${LIVING}${HOSTS}
try('ZREM', KEYS[1], ARGV[1])
try('HDEL', KEYS[2], ARGV[1])
local caches = {}
for i = 2, #ARGV do caches[ARGV[i]] = { unpack(KEYS, 3 * i - 3, 3 * i - 1) } end
forsake(KEYS[1], KEYS[2], caches)
return 1`,
);

/** KEYS members · ARGV name. Answers how many instances of this name are alive. */
export const NAMESAKES = new Script(
  'namesakes',
  `${STATE}${LIVING}
local count = 0
for _, member in ipairs(members(KEYS[1], '(' .. time(), '(${MARK}')) do
  if string.sub(member, 1, #ARGV[1]) == ARGV[1] then count = count + 1 end
end
return count`,
);
