export const USAGE = `Looks at caches of inversify-cache on Redis, and evicts from them.

Usage: inversify-cache <command> [options]

  tail                  print evictions as they happen: where each was applied, and after how long
  stats                 print what every instance has counted
  evict --cache C KEY…  evict keys: from Redis and from every instance
  clear --cache C       evict all of a cache

  --redis URL           redis://[user:password@]host:port/db, rediss:// for TLS, or unix:///path.
                        Default: REDIS_URL, or REDIS_HOST with REDIS_PORT, REDIS_USERNAME,
                        REDIS_PASSWORD, REDIS_DB, REDIS_TLS
  --namespace N         of the application (default: cache)
  --cache C             tail, stats: only this cache; may be given more than once
  --topic T             the cache's topic, where the application gives it one of its own
  --acks all|none       evict, clear: wait until no instance serves it any more (default: all)
  --for DURATION        tail: end after 30s, 5m … (default: at Ctrl-C)
  --timeout DURATION    how long to wait for Redis, and for instances to answer (default: 2s)
  --json                one JSON object per line
  --help, --version     print this, or the version, and end

A key is text as it is; other keys are written as in ~42, ~true, ~["Dune",2]. After -- a key may begin with -.
A password on a command line can be seen by others on the machine; REDIS_URL cannot.

Exit codes: 0 done, 1 failed (or no instance answered), 2 misused, 130 interrupted.
`;
