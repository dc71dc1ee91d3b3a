import { ALL_KEYS, ENDLESS_MS, MAXIMUM_TAGS_NOTED } from '../cache/index.js';
import { MAXIMUM_WAIT_MS } from '../time/index.js';
import { LEAST_DAMAGED, LONGEST_STATE, PURE, RUN_LENGTH } from './cache-state.js';

/**
 * How long the bookkeeping of a cache outlives the last instance that has it: longer than entries without end
 * live.
 */
const FORSAKEN_MS = ENDLESS_MS + 86_400_000;

/**
 * The list of the living is a sorted set: the instances by the time until which their leases hold. The marks
 * about the list itself are members as well, so that the list is never lost without them. Their scores are
 * times and lengths above this number, which no time in milliseconds reaches.
 */
export const MARK = 2 ** 52;

/** The Lua functions about times, and about what is known of a cache. */
export const STATE = `
local function time()
  local t = redis.call('TIME')
  local s, us = tonumber(t[1]), tonumber(t[2])
  return s * 1000 + math.floor(us / 1000), string.format('%d%06d', s, us)
end
local function micros()
  local _, us = time()
  return us
end
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(${'%x'.repeat(RUN_LENGTH)})') or '0'
end
-- What is stored under a key that should hold a string. A key of another type counts as absent.
local function stored(key)
  return redis.call('MGET', key)[1]
end
-- Number, generation, run id and mark of a state. Nothing: it cannot be one. Another program wrote it.
local function parse(state)
  if not state or #state > ${LONGEST_STATE} then return nil end
  local seq, gen, of, mark = string.match(state, '^([1-9]%d*):([1-9]%d*):([0-9a-f]+)(.*)$')
  if not of or #seq > 16 or #gen > 16 or #of > ${RUN_LENGTH} or (mark ~= '' and mark ~= '${PURE}') then return nil end
  if tonumber(seq) < ${LEAST_DAMAGED} and tonumber(gen) < ${LEAST_DAMAGED} then return seq, gen, of, mark end
end
-- A generation that is newer than both. The second result: there is none above them, so it is an older one.
local function fresh(known, old)
  local n = math.max(tonumber(micros()), (known or 0) + 1, (old or 0) + 1)
  if n < ${LEAST_DAMAGED} then return string.format('%.0f', n), false end
  return micros(), true
end
`;

/** The Lua functions that evict, count and announce. They need {@link STATE}. */
export const COUNT = `
-- Number, and run id with its mark, if the caller's generation is the current one. Otherwise nil, and what to answer.
-- A caller that knows none has sent no heartbeat for this cache yet: then the state may be of another run of the server.
local function current(stateKey, expected)
  local state = stored(stateKey)
  local seq, gen, of, mark = parse(state)
  if gen == expected then return seq, of .. mark end
  if state and not gen then return nil, { 'damaged' } end
  local run = (not state or expected == '') and run()
  if run and of ~= run then
    gen = fresh(tonumber(expected), tonumber(gen)) -- of this run, so that the first heartbeat does not abandon it
    redis.call('UNLINK', stateKey) -- Memory may be full.
    redis.call('SET', stateKey, (seq or micros()) .. ':' .. gen .. ':' .. run)
  end
  return nil, { 'generation', gen }
end
local function unlink(from, to)
  local removed = 0
  for i = from, to, 1000 do
    removed = removed + redis.call('UNLINK', unpack(KEYS, i, math.min(i + 999, to)))
  end
  return removed
end
-- Whether only instances with tags have been allowed to store something in this generation.
local function isPure(of)
  return string.sub(of, -2) == '${PURE}'
end
-- Of a generation in which the caller is allowed to store something: '1' if it stores tags.
local function filledBy(hasTags, of)
  if hasTags == '1' or not isPure(of) then return of end
  return string.sub(of, 1, -3)
end
-- Counts a message and publishes it. Without a number before, it begins at the time: no number may be used twice.
local function announce(stateKey, seq, gen, of, channel, head, tail)
  local now = micros()
  local n = (tonumber(seq) or tonumber(now)) + 1
  if n >= ${LEAST_DAMAGED} then n, of = tonumber(now), filledBy('0', of) end -- Numbers that fall say nothing about tags.
  local number = string.format('%.0f', n)
  redis.call('SET', stateKey, number .. ':' .. gen .. ':' .. of, 'KEEPTTL')
  redis.call('PUBLISH', channel, head .. number .. ',"gen":"' .. gen .. '","at":' .. now .. tail)
  return n
end
`;

/** The Lua functions about the list of the living. */
export const LIVING = `
-- What Redis answers. It is nil if another program has put a key of another type there: that is removed.
local function try(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then return redis.call(command, key, ...) end -- raises the error
  redis.call('UNLINK', key)
  return redis.call(command, key, ...)
end
-- Since when the list is complete, and the longest bound of the instances that wrote to it. nil: not known. The list
-- is written to at least four times a bound. If half of the longest bound has passed since the last write, the clock
-- may have been set, and the list proves nothing any more. It proves nothing on another server either. Also: the score
-- of a member, and when the list was last written to.
local function age(membersKey, of, now, member)
  local scores = try('ZMSCORE', membersKey, ':born:' .. of, ':last', ':longest', member)
  local born, last, longest = scores[1] and scores[1] - ${MARK}, scores[2] and scores[2] - ${MARK}, nil
  if scores[3] then longest = math.max(0, math.min(scores[3] - ${MARK}, ${MAXIMUM_WAIT_MS})) end
  if not born or born > now or not last or not longest or math.abs(now - last) > longest / 2 then born = nil end
  return born, longest, scores[4], last or nil
end
-- The members whose leases end in this range, which may be open.
local function members(membersKey, from, to)
  return try('ZRANGEBYSCORE', membersKey, from, to)
end
`;

/** The Lua functions about who has which cache. They need {@link STATE} and {@link LIVING}. */
export const HOSTS = `
-- What each of them has: the names of its caches between commas. false: it does not say.
local function hosted(hostsKey, list)
  local found = {}
  for i = 1, #list, 1000 do
    for j, names in ipairs(try('HMGET', hostsKey, unpack(list, i, math.min(i + 999, #list)))) do found[i + j - 1] = names end
  end
  return found
end
local function has(names, cache)
  return string.find(',' .. names .. ',', ',' .. cache .. ',', 1, true)
end
-- Who may have this cache, and must have heard of an eviction: all on the list whose names have it, or are missing.
local function audience(membersKey, hostsKey, cache)
  local now = time()
  local born, longest = age(membersKey, run(), now, '')
  local listed, heard = members(membersKey, '-inf', '(${MARK}'), {}
  for i, names in ipairs(hosted(hostsKey, listed)) do
    if not names or has(names, cache) then heard[#heard + 1] = listed[i] end
  end
  return { tostring(now), born and tostring(born) or '', longest and tostring(longest) or '', heard }
end
-- Gives the bookkeeping of these caches an end (all keys of each), unless a living instance has them. The names of the
-- dead are forgotten: one that comes back writes them again, and takes the end away.
local function forsake(membersKey, hostsKey, caches)
  local now = time()
  for _, dead in ipairs(members(membersKey, '-inf', now)) do try('HDEL', hostsKey, dead) end
  local living = members(membersKey, '(' .. now, '(${MARK}')
  if #living == 0 then
    redis.call('UNLINK', hostsKey)
    redis.call('PEXPIRE', membersKey, ${FORSAKEN_MS})
  end
  local all = {}
  for i, names in ipairs(hosted(hostsKey, living)) do
    if not names then return end
    all[i] = names
  end
  all = table.concat(all, ',')
  for cache, keys in pairs(caches) do
    if not has(all, cache) then
      for _, key in ipairs(keys) do redis.call('PEXPIRE', key, ${FORSAKEN_MS}) end
    end
  end
end
`;

/**
 * The Lua functions about the writes under way, which are the fields of one hash: for each place (`placesOf`)
 * that is being written, until when that holds at most, and then each writer with its own end
 * (`<end>;<token>=<end>;…`). The hash has no time to live: a full server would remove it, under the policies
 * that spare what has none. They need {@link STATE} and {@link LIVING}.
 */
export const INTENTS = `
-- The tokens of the writes that have not ended, and when they do.
local function writes(value, now)
  local found = {}
  for token, ends in string.gmatch(value or '', ';([^=;]+)=(%d+)') do
    if tonumber(ends) > now and tonumber(ends) < ${MARK} then found[token] = tonumber(ends) end
  end
  return found
end
local function put(intentsKey, field, found)
  local last, parts = 0, {}
  for token, ends in pairs(found) do
    last = math.max(last, ends)
    parts[#parts + 1] = ';' .. token .. '=' .. string.format('%.0f', ends)
  end
  if #parts == 0 then return try('HDEL', intentsKey, field) end
  try('HSET', intentsKey, field, string.format('%.0f', last) .. table.concat(parts))
end
-- The fields of these data keys.
local function fieldsOf(generation, from, to)
  local fields, before = {}, ':' .. generation .. '::'
  for i = from, to do fields[#fields + 1] = string.sub(KEYS[i], string.find(KEYS[i], before, 1, true) + #before - 1) end
  return fields
end
-- Sets the intent of this token, or ends it ('' as length). HDEL comes first: memory may be full, but a script that has
-- written may write more. A few other fields are looked at as well, for those of the dead.
local function intend(intentsKey, fields, token, length)
  if not token then return end
  local now = time()
  try('HDEL', intentsKey, '')
  for _, field in ipairs(fields) do
    local found = writes(redis.call('HGET', intentsKey, field), now)
    found[token] = length ~= '' and now + length or nil
    put(intentsKey, field, found)
  end
  if length ~= '' then redis.call('PERSIST', intentsKey) end
  local some = redis.call('HRANDFIELD', intentsKey, 5, 'WITHVALUES')
  for i = 1, #some, 2 do put(intentsKey, some[i], writes(some[i + 1], now)) end
end
-- Which of these fields have an intent. nil: none has.
local function withheld(intentsKey, fields)
  fields[#fields + 1] = '${ALL_KEYS}'
  local values, now, found = try('HMGET', intentsKey, unpack(fields)), nil, nil
  for i = 1, #fields do
    if values[i] then
      now = now or time()
      local ends = tonumber(string.match(values[i], '^%d+;') and string.match(values[i], '^%d+') or '0')
      if ends > now and ends < ${MARK} then
        found = found or {}
        found[i] = true
      end
    end
  end
  if found and found[#fields] then for i = 1, #fields do found[i] = true end end
  return found
end
`;

/**
 * The Lua functions about the evictions of tags, which are the members of one sorted set: each tag behind a
 * colon, with the number of its last eviction. One member more names the generation, with the *floor* as a
 * negative score: what is older than the floor counts as evicted. It comes into being together with the
 * generation and at no other time, so if it is missing, evictions may be missing too. The set has no time to
 * live: a full server would remove it, under the policies that spare what has none.
 */
export const TAGS = `
local function beginTags(tagsKey, gen, seq)
  redis.call('UNLINK', tagsKey)
  redis.call('ZADD', tagsKey, '-' .. seq, '*' .. gen)
end
-- Notes the evictions. The oldest tenth gives way when there are too many, and the floor rises to the newest of them.
local function noteTags(tagsKey, gen, number, tags)
  local pairs = {}
  for i, tag in ipairs(tags) do
    pairs[2 * i - 1] = number
    pairs[2 * i] = ':' .. tag
  end
  redis.call('ZADD', tagsKey, unpack(pairs))
  local excess = redis.call('ZCARD', tagsKey) - 1 - ${MAXIMUM_TAGS_NOTED}
  if excess <= 0 then return end
  local last = excess + ${MAXIMUM_TAGS_NOTED / 10}
  local floor = redis.call('ZRANGE', tagsKey, last, last, 'WITHSCORES')[2]
  redis.call('ZREMRANGEBYRANK', tagsKey, 1, last)
  redis.call('ZADD', tagsKey, '-' .. floor, '*' .. gen)
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

/**
 * How the text of an entry ends says how long it lives (`livesIn` in `lib/cache/value/envelope.ts`). It needs
 * {@link STATE}.
 */
export const LIFE = `
-- Whether an entry counts as present: its life has not ended, and it is younger than this (nil: of any age; 0: none is).
local function counts(raw, age)
  if age == 0 then return false end
  local life, more, ends = string.match(string.sub(raw, -128), '"life":(%d+)([^}]*),"end":(%d+)}$')
  if not ends then return true end
  local stale = string.match(more, '^,"stale":(%d+)')
  if string.gsub(string.gsub(more, '^,"stale":%d+', ''), '^,"since":%d+$', '') ~= '' then return true end
  local now = time()
  if now >= ends - (stale or 0) then return false end
  return not age or now - (ends - life) < age
end
`;
