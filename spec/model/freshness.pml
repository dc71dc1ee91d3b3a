/*
 * Values that are served although their life has ended (stale on error), and values that are refreshed before
 * it ends: one instance that reads, refreshes and evicts, beside a foreign writer and another instance that
 * loads, in one generation. Promises: C1, C2, C5, C6 and C9.
 *
 * There is one key. Versions of its value are counted; the database begins with 0, and L2 with an entry of 0.
 * L2 keeps an entry whose life has ended: a read takes it for absent, and remembers it as `old`. Its load may
 * fail, or run into its time limit: at that moment `old` is served if the read's ticket stands and the instance
 * holds the read lease; otherwise L2 is read again. What is served so is kept in L1, as `isStale`, for a while.
 *
 * There is no time. A life may end whenever somebody looks, an entry may be old enough for a refresh at any
 * moment, and what L1 keeps may be over at any read. A read lease is a flag: a valid echo sets it, and it may
 * end at any moment. `proven` is what that echo proves: the newest version that had been evicted when the beat
 * of the echo ran. C9 is then: what is served stale at a moment is at least as new as `proven` at that moment
 * under a lease, and as everything that has been evicted without one; what is read again is as new as
 * everything that had been evicted when that reading began.
 *
 * `told` is the version that a caller of this instance evicted, who has gone on: because the eviction was
 * acknowledged (C1), or because it was not, and the key is in doubt (C6).
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_TICKET_AT_SERVING    the old value is served although a message has come since the read began
 *   NO_LEASE_AT_SERVING     the old value is served without the read lease
 *   READ_BOUND              not a rule: the bound of what is served counts from when the read began, not from
 *                           when its method failed
 *   TICKET_AFTER_GET        the read takes its ticket when the reply of its GET has come
 *   KEEP_ON_FENCE           what L1 keeps stale stays when the key is evicted
 *   AGAIN_BEFORE            what is read again is the reply of a GET that began before the method failed
 *   AGAIN_WITHOUT_TICKET    what was read again is kept in L1 without a ticket
 *   AGAIN_IN_DOUBT          a key in doubt is read again
 *   REFRESH_WITHOUT_LEASE   a refresh stores its value although its fill lease is gone
 *   REFRESH_WITHOUT_TICKET  L1 keeps the value of a refresh although a message has come since it began
 *   REFRESH_IN_DOUBT        a key in doubt is refreshed
 *   REFRESH_KEEPS_REFUSED   L1 keeps the value of a refresh although L2 has refused it
 *   REFRESH_TICKET_LATE     a refresh takes its ticket when its method has been run
 *   LEASE_TO_ALL            while there is a kept entry, who asks gets a fill lease, whoever else has one; all of
 *                           them may fill until an eviction
 *   EVICT_LEAVES_ENDED      an eviction removes what is fresh, and leaves an entry whose life has ended
 * Claims that must be false: NEVER_STALE (no old value is served), NEVER_KEPT (L1 serves none), NEVER_AGAIN
 * (nothing is found when L2 is read again), NEVER_REFRESHED (no refresh is stored), NEVER_OLDER (L1 never has
 * something newer when it keeps an old value).
 * Bounds and faults: READS, REFRESHES (of the instance), LOADS (of the other one), FOREIGN and OWN (evictions),
 * OTHERS (evictions of another key), BEATS; CUTS, DROPS (messages lost on a connection that stands), DOUBTS
 * (steps or replies of own evictions lost), RUN_OUT (fill leases end before their loads do).
 */
#ifndef READS
#define READS 2
#endif
#ifndef REFRESHES
#define REFRESHES 0
#endif
#ifndef LOADS
#define LOADS 0
#endif
#ifndef FOREIGN
#define FOREIGN 1
#endif
#ifndef OTHERS
#define OTHERS 0
#endif
#ifndef OWN
#define OWN 0
#endif
#ifndef BEATS
#define BEATS 1
#endif
#ifndef CUTS
#define CUTS 0
#endif
#ifndef DROPS
#define DROPS 0
#endif
#ifndef DOUBTS
#define DOUBTS 0
#endif
#ifndef RUN_OUT
#define RUN_OUT 0
#endif
#define ROOM (FOREIGN + OTHERS + OWN * 2 + BEATS)

#define NOTHING 255

#if defined(NO_TICKET_AT_SERVING)
#define MAY_SERVE isLeased
#elif defined(NO_LEASE_AT_SERVING)
#define MAY_SERVE isReadValid
#else
#define MAY_SERVE (isReadValid && isLeased)
#endif

#ifdef REFRESH_WITHOUT_TICKET
#define MAY_KEEP true
#else
#define MAY_KEEP isRefreshValid
#endif

mtype = { eviction, another, own, echo };

/* Whose load may fill L2. Each of them has one at a time; what an eviction has refused does not come again. */
#define NOBODY 0
#define READER 1
#define REFRESHER 2
#define LOADER 4
#ifdef LEASE_TO_ALL
#define HOLDS(who) (fillLease & who)
#else
#define HOLDS(who) (fillLease == who)
#endif

/* The database, and Redis. */
byte database = 0;            /* the version that is committed */
byte stored = 0;              /* L2 */
bool isEnded = false;         /* the life of the entry there is over; it is kept */
byte fillLease = NOBODY;
byte number = 1;              /* of the last eviction message */
byte evicted = 0;             /* the newest version that has been evicted: what nobody may fall behind */

/* The instance. */
byte kept = NOTHING;          /* L1 */
bool isStale = false;         /* it is kept there after its life */
byte applied = 1;             /* the number of the last message applied */
byte confirmed = 1;           /* the number in the last valid echo */
byte proven = 0;
byte told = 0;                /* the version that a caller evicted, who has gone on */
byte epoch = 0;               /* of the subscription; counts losses */
bool isLeased = true;
bool isConnected = true;      /* the server has a subscriber */
bool isReturning = false;     /* the connection was lost, and no valid echo has come since */
bool isReadValid = false;     /* the ticket of the read under way */
bool isRefreshValid = false;  /* the ticket of the refresh under way */
bool isUnanswered = false;    /* an own eviction is under way */
bool isDoubtful = false;

byte cuts = 0;
byte drops = 0;

/* The subscriber's connection: kind, number; of an echo: epoch, what it proves. */
chan connection = [ROOM] of { mtype, byte, byte, byte };

inline drop() {
#ifdef KEEP_ON_FENCE
  if :: !isStale -> kept = NOTHING :: else fi;
#else
  kept = NOTHING; isStale = false;
#endif
  isReadValid = false; isRefreshValid = false
}

inline keep(what, itIsStale) { kept = what; isStale = itIsStale }

inline deliver(kind, itsNumber, itsEpoch, itProves) {
  if
  :: isConnected -> connection!kind, itsNumber, itsEpoch, itProves
  :: isConnected && drops < DROPS -> drops++
  :: !isConnected
  fi
}

/* Somebody looks at the entry: its life may have ended. */
inline look() { if :: stored != NOTHING && !isEnded -> isEnded = true :: true fi }

/* ACQUIRE, where the entry is absent, ended, or older than the refresh age. `isMine`: granted. */
inline acquire(who) {
  if :: RUN_OUT && fillLease != NOBODY -> fillLease = NOBODY :: true fi;
  if
  :: fillLease == NOBODY -> fillLease = who; isMine = true
#ifdef LEASE_TO_ALL
  :: stored != NOTHING -> fillLease = fillLease | who; isMine = true
#endif
  :: else
  fi
}

/* FILL. `isMine`: accepted. */
inline fill(what, who) {
  if
  :: isMine && HOLDS(who) -> stored = what; isEnded = false; fillLease = fillLease - who
  :: else -> isMine = false
  fi;
  assert(stored == NOTHING || stored >= evicted)                                /* C5 */
}

/* A load that stores nothing gives its fill lease back. */
inline giveBack(who) {
  if :: isMine && HOLDS(who) -> fillLease = fillLease - who :: else fi;
  isMine = false
}

inline evict(version, kind) {
#ifdef EVICT_LEAVES_ENDED
  if :: !isEnded -> stored = NOTHING :: else fi;
#else
  stored = NOTHING; isEnded = false;
#endif
  fillLease = NOBODY; number++;
  if :: version > evicted -> evicted = version :: else fi;
  deliver(kind, number, 0, 0)
}

/* What was served stale is kept in L1 for a while. */
inline keepStale() {
#ifdef NEVER_OLDER
  assert(!isReadValid || kept == NOTHING || kept <= old);
#endif
  if :: isReadValid -> keep(old, true) :: else fi
}

proctype reader() {
  byte reads = 0, found = NOTHING, old = NOTHING, atLeast = 0, toldBefore = 0;
  bool mayUse = false, isMine = false;
  do
  :: reads < READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING ->
#ifdef NEVER_KEPT
          assert(!isStale);
#endif
          assert(!isStale || kept >= proven);                                   /* C9 */
          assert(kept >= proven);                                               /* C2 */
          assert(kept >= told) }                                                /* C1, C6 */
     :: atomic { true ->                                                        /* or it is over */
          if :: isLeased -> kept = NOTHING; isStale = false :: else fi;
#ifndef TICKET_AFTER_GET
          isReadValid = true;
#endif
          mayUse = !isDoubtful;
#ifdef READ_BOUND
          atLeast = (isLeased -> proven : evicted);
#endif
          toldBefore = told };
        atomic { look();                                                        /* GET */
          if
          :: !mayUse
          :: mayUse && isEnded -> old = stored
          :: mayUse && !isEnded -> found = stored
          fi };
#ifdef TICKET_AFTER_GET
        isReadValid = true;
#endif
        if
        :: found != NOTHING
        :: else ->
           atomic { look();                                                     /* ACQUIRE */
             if
             :: mayUse && stored != NOTHING && !isEnded -> found = stored
             :: mayUse && (stored == NOTHING || isEnded) ->
                acquire(READER);
                if :: stored != NOTHING -> old = stored :: else fi
             :: !mayUse
             fi };
           if
           :: found != NOTHING
           :: else ->
              found = database;                                                 /* the load */
              if
              :: true                                                           /* succeeds */
              :: atomic { true ->                                               /* or fails: at this moment */
                   if
                   :: old != NOTHING && MAY_SERVE ->
#ifdef NEVER_STALE
                      assert(old == NOTHING);
#endif
                      assert(old >= proven);                                    /* C9 */
#ifdef READ_BOUND
                      assert(old >= atLeast);                                   /* C9 */
#else
                      assert(isLeased || old >= evicted);                       /* C9 */
#endif
                      assert(old >= told);                                      /* C1, C6 */
                      keepStale();
                      old = NOTHING
                   :: else ->                                                   /* L2 is read again */
#ifndef AGAIN_BEFORE
                      old = NOTHING;
#endif
                      found = NOTHING;
                      isReadValid = true;
#ifndef READ_BOUND
                      atLeast = evicted; toldBefore = told;
#endif
#ifdef AGAIN_IN_DOUBT
                      mayUse = true
#else
                      mayUse = !isDoubtful
#endif
                   fi };
                 if
                 :: found != NOTHING
                 :: else ->
                    atomic { look();
                      if :: old == NOTHING -> old = (mayUse -> stored : NOTHING) :: else fi;
                      mayUse = false };
                    atomic {
                      if
                      :: old != NOTHING ->
#ifdef NEVER_AGAIN
                         assert(old == NOTHING);
#endif
                         assert(old >= atLeast);                                /* C9 */
                         assert(old >= toldBefore);                             /* C1, C6 */
#ifdef AGAIN_WITHOUT_TICKET
                         keep(old, true)
#else
                         keepStale()
#endif
                      :: else                                                   /* the caller gets the error */
                      fi;
                      found = NOTHING; old = NOTHING; isReadValid = false; atLeast = 0; toldBefore = 0 }
                 fi;
                 /* The method has failed for good, or it ran into its time limit and goes on. */
                 if :: true -> atomic { giveBack(READER); found = NOTHING } :: found != NOTHING fi
              fi;
              if
              :: found != NOTHING ->
                 atomic { fill(found, READER); mayUse = isMine; isMine = false }        /* FILL */
              :: else -> mayUse = false
              fi
           fi
        fi;
        atomic {
          if :: mayUse && isReadValid -> keep(found, false) :: else fi;
          found = NOTHING; old = NOTHING; atLeast = 0; toldBefore = 0;
          mayUse = false; isReadValid = false }
     fi
  :: else -> break
  od
}

/* The refreshes of the instance, in the background. A read that finds an old entry begins one. */
proctype refresher() {
  byte refreshes = 0, found = NOTHING;
  bool isMine = false, isPresent = false;
  do
  :: refreshes < REFRESHES -> refreshes++;
#ifdef REFRESH_IN_DOUBT
     isRefreshValid = true;
#else
     atomic { !isDoubtful -> isRefreshValid = true };
#endif
     atomic { look();                                                           /* ACQUIRE, with the age */
       if
       :: stored != NOTHING && !isEnded -> isPresent = true; found = stored     /* younger than that */
       :: acquire(REFRESHER)
       fi };
     if
     :: isMine ->
        found = database;
        if
        :: atomic {                                                             /* FILL */
#ifdef REFRESH_TICKET_LATE
             isRefreshValid = true;
#endif
#ifdef REFRESH_WITHOUT_LEASE
             fillLease = REFRESHER;
#endif
             fill(found, REFRESHER);
#ifdef NEVER_REFRESHED
             assert(!isMine);
#endif
#ifdef REFRESH_KEEPS_REFUSED
             isPresent = true;
#else
             isPresent = isMine;
#endif
             isMine = false }
        :: atomic { true -> giveBack(REFRESHER) }                               /* fails */
        fi
     :: else
     fi;
     atomic {
       if :: isPresent && MAY_KEEP -> keep(found, false) :: else fi;
       found = NOTHING; isPresent = false; isRefreshValid = false }
  :: else -> break
  od
}

/* Another instance: it loads what is absent, ended or old. */
proctype loader() {
  byte loads = 0, found = NOTHING;
  bool isMine = false;
  do
  :: loads < LOADS -> loads++;
     atomic { look(); acquire(LOADER) };
     if
     :: isMine ->
        found = database;
        if
        :: atomic { true -> fill(found, LOADER); isMine = false; found = NOTHING }
        :: atomic { true -> giveBack(LOADER); found = NOTHING }
        fi
     :: else
     fi
  :: else -> break
  od
}

/* A message of an eviction arrives. */
inline hear(itsNumber, isToDrop) {
  if
  :: isToDrop || !(isReturning || itsNumber == applied + 1) -> drop()
  :: else
  fi;
  applied = itsNumber
}

/* A valid echo arrives. */
inline prove(itsNumber, itProves) {
  if
  :: isReturning && itsNumber != confirmed -> drop()
  :: !isReturning && itsNumber != applied -> drop()
  :: else
  fi;
  applied = itsNumber;
  confirmed = itsNumber;
  proven = itProves;
  isReturning = false;
  isLeased = true
}

proctype listener() {
  mtype kind = eviction;
  byte itsNumber = 0, itsEpoch = 0, itProves = 0;
  do
  :: atomic { connection?kind, itsNumber, itsEpoch, itProves ->
       if
       :: kind == eviction -> hear(itsNumber, true)
       :: kind == another -> hear(itsNumber, false)
       :: kind == own -> hear(itsNumber, isUnanswered)
       :: kind == echo && itsEpoch == epoch -> prove(itsNumber, itProves)
       :: kind == echo && itsEpoch != epoch
       fi;
       kind = eviction; itsNumber = 0; itsEpoch = 0; itProves = 0 }
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: atomic { isConnected && cuts < CUTS -> cuts++; isConnected = false }       /* the connection breaks */
  :: atomic { !isConnected ->                                                   /* that is noticed: */
       do                                                                       /* no more of it is read */
       :: nempty(connection) -> connection?_, _, _, _
       :: empty(connection) -> break
       od;
       isLeased = false; epoch++; isReturning = true };
     isConnected = true                                                         /* confirmed again */
  :: timeout -> break
  od
}

proctype heart() {
  byte beats = 0, sentIn = 0;
  do
  :: beats < BEATS -> atomic { beats++; sentIn = epoch };                       /* sent */
     atomic { deliver(echo, number, sentIn, evicted); sentIn = 0 }              /* executed */
  :: else -> break
  od
}

proctype writer() {
  byte writes = 0, others = 0, version = 0;
  do
  :: writes < FOREIGN -> writes++;
     atomic { database++; version = database };                                 /* committed */
     atomic { evict(version, eviction); version = 0 }
  :: others < OTHERS -> others++;
     atomic { number++; deliver(another, number, 0, 0) }                        /* EVICT of another key */
  :: else -> break
  od
}

/* The instance's own evictions. */
proctype evictor() {
  byte writes = 0, doubts = 0, version = 0;
  do
  :: writes < OWN -> writes++;
     atomic { database++; version = database };                                 /* committed */
     atomic { drop(); isUnanswered = true };                                    /* the first fence */
     if
     :: atomic { evict(version, own) };
        atomic { drop(); isUnanswered = false; told = version }                 /* acknowledged */
     :: doubts < DOUBTS -> doubts++;
        if
        :: atomic { evict(version, own) }                                       /* the reply is lost */
        :: true                                                                 /* the step is lost */
        fi;
        atomic { drop(); isUnanswered = false; isDoubtful = true; told = version };
        atomic { evict(version, own) };                                         /* repeated */
        atomic { drop(); isDoubtful = false }
     fi;
     version = 0
  :: else -> break
  od
}

init {
  atomic { run reader(); run refresher(); run loader(); run listener(); run heart(); run writer(); run evictor() }
}
