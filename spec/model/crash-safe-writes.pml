/*
 * L2 alone: two writers change the database between an intent and an eviction. The first may die between any
 * two steps, and what it has sent to the database may take effect after its death. Loads of other instances
 * fill L2 meanwhile, and another instance clears the cache or puts a value that it computed before.
 * Promise, when nothing moves any more: L2 holds nothing, or what the database has.
 *
 * An intent that is not renewed ends by its time limit, which is longer than a commit can be on its way. It
 * may also be lost by itself; then the writer notices when it renews the intent, before it commits.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_INTENT             writers evict after the commit only
 *   ACQUIRE_IGNORES       loads may store while an intent lives
 *   CLAIM_IGNORES         puts may store while an intent lives
 *   UNDER_GENERATION      intents lie under the generation, as values do
 *   ENDS_WITH_HEARTBEAT   an intent ends when its writer sends no heartbeat any more
 *   END_REMOVES_ALL       the eviction at the end removes the intents of others as well
 *   LEAVES_LEASE          an intent leaves the fill lease of a load that is under way
 *   RENEWS_QUIETLY        an intent that was lost is set again without an eviction
 */
#ifndef LOADERS
#define LOADERS 2
#endif
#ifndef LOADS
#define LOADS 2
#endif
#ifndef CLEARS
#define CLEARS 0
#endif
#ifndef PUTS
#define PUTS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef WRITERS
#define WRITERS 2
#endif

#define NOTHING 255

byte database = 0;            /* the version that is committed */
byte stored = NOTHING;        /* L2 */
byte fillLease = 0;           /* whose load may fill L2; 0: nobody's */
byte lastLease = 0;
bool intent[2];
bool isSent = false, isCommitted = false;     /* of the writer that dies */
bool isDead = false;

#ifdef ACQUIRE_IGNORES
#define MAY_LOAD true
#else
#define MAY_LOAD (!intent[0] && !intent[1])
#endif
#ifdef CLAIM_IGNORES
#define MAY_PUT true
#else
#define MAY_PUT (!intent[0] && !intent[1])
#endif

inline evict() { stored = NOTHING; fillLease = 0 }

inline setIntent(me) {
#ifndef NO_INTENT
#ifdef LEAVES_LEASE
  stored = NOTHING;
#else
  evict();
#endif
  intent[me] = true
#else
  skip
#endif
}

inline endIntent(me) {
  evict();
#ifdef END_REMOVES_ALL
  intent[0] = false; intent[1] = false
#else
  intent[me] = false
#endif
}

inline renew(me) {
#ifndef NO_INTENT
  if
  :: !intent[me] ->
#ifdef RENEWS_QUIETLY
     intent[me] = true
#else
     setIntent(me)
#endif
  :: else
  fi
#else
  skip
#endif
}

inline fill(what, lease) {
  if :: lease != 0 && fillLease == lease -> stored = what; fillLease = 0 :: else fi
}

proctype loader() {
  byte loads = 0, lease = 0, value = 0;
  do
  :: loads < LOADS -> loads++;
     atomic {                                                                   /* ACQUIRE */
       if
       :: stored == NOTHING && fillLease == 0 && MAY_LOAD -> lastLease++; fillLease = lastLease; lease = lastLease
       :: else -> lease = 0
       fi };
     if
     :: lease != 0 ->
        value = database;                                                       /* the load */
        atomic { fill(value, lease); value = 0; lease = 0 }                     /* FILL */
     :: else
     fi
  :: else -> break
  od
}

/* Dies, or not. */
proctype mortal() {
  atomic { setIntent(0) };
  if :: true :: goto dead fi;
  atomic { renew(0); isSent = true };
  if :: isCommitted :: goto dead fi;
  if :: true :: goto dead fi;
  atomic { endIntent(0) };
  goto done;
dead:
  isDead = true;
#ifdef ENDS_WITH_HEARTBEAT
  intent[0] = false;
#else
  atomic { (!isSent || isCommitted) -> intent[0] = false };                     /* its time limit */
#endif
done:
  skip
}

proctype commit() {
end:
  atomic { isSent -> database++; isCommitted = true }
}

/* Lives. */
proctype writer() {
  atomic { setIntent(1) };
  atomic { renew(1); database++ };
  atomic { endIntent(1) }
}

proctype other() {
  byte value = 0, lease = 0, clears = 0, puts = 0, losses = 0;
end:
  do
  :: atomic { clears < CLEARS -> clears++; evict();
#ifdef UNDER_GENERATION
       intent[0] = false; intent[1] = false;
#endif
     }
  :: puts < PUTS -> puts++;
     value = database;                                                          /* what it puts is computed */
endPut:
     atomic {                                                                   /* CLAIM, while an intent lives */
       (intent[0] || intent[1]) -> evict();
       if :: MAY_PUT -> lastLease++; fillLease = lastLease; lease = lastLease :: else -> lease = 0 fi };
     atomic { fill(value, lease); value = 0; lease = 0 }                        /* FILL */
  :: atomic { losses < LOSSES && !isSent -> losses++; intent[0] = false }
  od
}

proctype judge() { timeout -> assert(stored == NOTHING || stored == database) }

init {
  byte i;
  atomic {
    for (i : 1 .. LOADERS) { run loader() }
    i = 0; run mortal(); run commit(); run other(); run judge();
    if :: WRITERS == 2 -> run writer() :: else fi
  }
}
