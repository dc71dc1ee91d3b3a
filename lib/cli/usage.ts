export const USAGE = `Looks at caches of inversify-cache on Redis, and evicts from them.

Usage: inversify-cache <command> [options]

  tail                  print evictions as they happen: where each was applied, and after how long
  stats                 print what every instance has counted
  health                say whether every instance that answers is up, and why one is not
  get --cache C KEY     print what Redis holds of a key
  keys --cache C        list the keys that Redis holds of a cache
  evict --cache C KEY…  evict keys: from Redis and from every instance; or, with --tag, all that carry a tag
  clear --cache C       evict all of a cache

  --redis URL           redis://[user:password@]host:port/db, rediss:// for TLS, or unix:///path.
                        Default: REDIS_URL, or REDIS_HOST with REDIS_PORT, REDIS_USERNAME,
                        REDIS_PASSWORD, REDIS_DB, REDIS_TLS
  --namespace N         of the application (default: cache)
  --cache C             tail, stats, health: only this cache; may be given more than once
  --tag T               evict: a tag, in place of keys; may be given more than once, and is typed as keys are
  --topic T             tail, evict, clear: the cache's topic, where the application gives it one of its own
  --acks all|none       evict, clear: wait until no instance serves it any more (default: all)
  --count               keys: only how many there are
  --limit N             keys: how many keys of the database are looked at, of any program (default: 100000)
  --for DURATION        tail: end after 30s, 5m … (default: at Ctrl-C)
  --timeout DURATION    how long to wait for Redis, and for instances to answer (default: 2s)
  --json                one JSON object per line
  --help, --version     print this, or the version, and end

A key is text as it is; other keys are written as in ~42, ~true, ~["Dune",2]. Text such as 42 or true is tried
as both. To mean the text alone, write ~"42". After -- a key may begin with -.
A password on a command line can be seen by others on the machine; REDIS_URL cannot.

Exit codes: 0 done, 1 failed (or no such cache, no value, no instance answered, one that is not up),
2 misused, 130 interrupted.
`;
