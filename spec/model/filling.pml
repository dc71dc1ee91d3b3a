/*
 * L2 alone: several instances load one key, one evicts it and puts it. Promise: C5, in L2.
 *
 * A load or a put may take as long as it likes between its steps. The writer writes one version after the
 * other; its put is two steps, CLAIM and FILL. When a step is not answered in time, the writer gives the put
 * up and evicts instead, and the step may be executed at any later time. (Two writers that put side by side
 * are left out: the order of racing puts is not promised.)
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_FILL_LEASE        a load is stored although its fill lease is gone
 *   EVICT_LEAVES_LEASE   an eviction removes the value and leaves the fill lease
 *   CLAIM_LEAVES_LEASE   a put leaves the fill lease of a load that is under way
 *   PUT_AT_ONCE          a put is one step that stores its value
 */
#ifndef LOADERS
#define LOADERS 2
#endif
#ifndef LOADS
#define LOADS 2
#endif
#ifndef WRITES
#define WRITES 3
#endif

#define NOTHING 255

byte database = 0;            /* the version that is committed */
byte stored = NOTHING;        /* L2 */
byte fillLease = 0;           /* whose load may fill L2; 0: nobody's */
byte lastLease = 0;
byte evicted = 0;             /* the newest version that has been evicted */
bool isClaimLate = false, isFillLate = false;
byte lateVersion = 0, lateLease = 0;

inline promise() { assert(stored == NOTHING || stored >= evicted) }

inline evict(version, leaveLease) {
  stored = NOTHING;
  if :: !leaveLease -> fillLease = 0 :: else fi;
  if :: version > evicted -> evicted = version :: else fi
}

#ifdef EVICT_LEAVES_LEASE
#define EVICTION_LEAVES true
#else
#define EVICTION_LEAVES false
#endif

inline fill(what, lease) {
  if
#ifdef NO_FILL_LEASE
  :: lease != 0 -> stored = what; fillLease = 0
#else
  :: lease != 0 && fillLease == lease -> stored = what; fillLease = 0
#endif
  :: else
  fi;
  promise()
}

inline claim(version, lease) {
#ifdef PUT_AT_ONCE
  evict(version, false); stored = version; lease = 0; promise()
#else
#ifdef CLAIM_LEAVES_LEASE
  stored = NOTHING; if :: version > evicted -> evicted = version :: else fi;
  if :: fillLease == 0 -> lastLease++; fillLease = lastLease :: else fi; lease = fillLease
#else
  evict(version, false); lastLease++; fillLease = lastLease; lease = lastLease
#endif
#endif
}

proctype loader() {
  byte loads = 0, lease = 0, value = 0;
  do
  :: loads < LOADS -> loads++;
     atomic {                                                                   /* ACQUIRE */
       if
       :: stored == NOTHING && fillLease == 0 -> lastLease++; fillLease = lastLease; lease = lastLease
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

proctype writer() {
  byte writes = 0, version = 0, lease = 0;
  do
  :: writes < WRITES -> writes++;
     atomic { database++; version = database };
     if
     :: atomic { evict(version, EVICTION_LEAVES) }
     :: atomic { claim(version, lease) };                                       /* a put, in time */
        atomic { fill(version, lease); lease = 0 }
     :: atomic { claim(version, lease) };                                       /* its FILL is late */
        atomic { !isFillLate -> isFillLate = true; lateVersion = version; lateLease = lease; lease = 0 };
        atomic { evict(version, EVICTION_LEAVES) }
     :: atomic { !isClaimLate && !isFillLate -> isClaimLate = true; lateVersion = version };  /* its CLAIM */
        atomic { evict(version, EVICTION_LEAVES) }
     fi
  :: else -> break
  od
}

/* Steps that reach Redis long after their caller was told that they had failed. */
proctype network() {
  byte lease = 0;
end:
  do
  :: atomic { isClaimLate -> claim(lateVersion, lease); lease = 0; isClaimLate = false; lateVersion = 0 }
  :: atomic { isFillLate -> fill(lateVersion, lateLease); isFillLate = false; lateVersion = 0; lateLease = 0 }
  od
}

init {
  byte i;
  atomic {
    for (i : 1 .. LOADERS) { run loader() }
    i = 0; run writer(); run network()
  }
}
