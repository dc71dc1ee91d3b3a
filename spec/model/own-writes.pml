/*
 * One instance that reads and evicts, beside a foreign writer, in one generation, over connections that lose
 * nothing but replies. Promises: C1, C2, C5 and C6.
 *
 * An eviction by the instance itself ends in one of two ways for its caller: acknowledged, or not (the step
 * or its reply was lost, the key is in doubt and the eviction is repeated). `told` is the version that the
 * caller evicted. From the moment when the caller goes on, no read may return less: that is C1, and C6 for a
 * key in doubt.
 *
 * A read for which L1 has nothing may be joined by later callers. Such a caller is owed what a read of its
 * own would be owed: `told`, and what the lease proves.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_SECOND_FENCE      L1 is not fenced again when the eviction is acknowledged
 *   NO_FENCE_IN_DOUBT    L1 is not fenced again when the key comes into doubt
 *   READ_IN_DOUBT        a key in doubt is read from L2, and stored there
 *   NO_REPEAT            an eviction in doubt is not repeated
 *   IGNORE_OWN           messages of the instance itself are never applied
 *   JOIN_DETACHED        a load that an eviction has overtaken is joined
 *   JOIN_WITHOUT_LEASE   a load is joined without a read lease
 */
#ifndef READS
#define READS 2
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef FOREIGN
#define FOREIGN 1
#endif
#ifndef BEATS
#define BEATS 1
#endif
#ifndef JOINS
#define JOINS 1               /* 0: no load is joined */
#endif
#define ROOM (WRITES * 2 + FOREIGN + BEATS)

#define NOTHING 255

mtype = { eviction, echo };

/* The database, and Redis. */
byte database = 0;
byte stored = 0;              /* L2 */
byte fillLease = 0, lastLease = 0;
byte number = 1;
byte evicted = 0;

/* The instance. */
byte kept = 0;                /* L1 */
byte applied = 1;
byte proven = 0;              /* by the lease */
byte told = 0;                /* the version that a caller evicted, who has gone on */
byte owed = 0;                /* to the caller that has joined the load under way */
bool isLeased = true, isTicketValid = false, isUnanswered = false, isDoubtful = false;
bool isJoinable = false, isJoined = false;

/* The subscriber's connection: kind, number, whether it is the instance's own; of an echo: what it proves. */
chan connection = [ROOM] of { mtype, byte, bool, byte };

inline drop() {
  kept = NOTHING;
  isTicketValid = false;
#ifndef JOIN_DETACHED
  isJoinable = false
#endif
}

inline keep(what) { if :: isTicketValid -> kept = what :: else fi }

/* EVICT */
inline evict(version, isOwn) {
  stored = NOTHING; fillLease = 0; number++;
  if :: version > evicted -> evicted = version :: else fi;
  connection!eviction, number, isOwn, 0
}

proctype reader() {
  byte reads = 0, found = 0, lease = 0, atLeast = 0, toldBefore = 0;
  bool isFilled = false, mayUse = false;
  do
  :: reads < READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING ->
          assert(kept >= proven);                                               /* C2 */
          assert(kept >= told) }                                                /* C1, C6 */
     :: atomic { !(isLeased && kept != NOTHING) ->
          isTicketValid = true; isJoinable = isLeased;
#ifdef READ_IN_DOUBT
          mayUse = true;
#else
          mayUse = !isDoubtful;
#endif
          atLeast = (isLeased -> proven : evicted); toldBefore = told };
        found = (mayUse -> stored : NOTHING);                                   /* GET */
        if
        :: found != NOTHING
        :: else ->
           atomic {                                                             /* ACQUIRE */
             if
             :: mayUse && stored == NOTHING && fillLease == 0 ->
                lastLease++; fillLease = lastLease; lease = lastLease
             :: else -> lease = 0
             fi };
           found = database;                                                    /* the load */
           atomic {                                                             /* FILL */
             isFilled = (lease != 0 && fillLease == lease);
             if :: isFilled -> stored = found; fillLease = 0 :: else fi;
             assert(stored == NOTHING || stored >= evicted);                    /* C5 */
             mayUse = isFilled }
        fi;
        atomic {
          if :: mayUse -> keep(found) :: else fi;
          assert(found >= atLeast);                                             /* C2 */
          assert(found >= toldBefore);                                          /* C1, C6 */
          assert(!isJoined || found >= owed);                                   /* C5: the joined */
          found = 0; lease = 0; atLeast = 0; toldBefore = 0; isFilled = false; mayUse = false;
          isTicketValid = false; isJoinable = false; isJoined = false; owed = 0 }
     fi
  :: else -> break
  od
}

proctype listener() {
  mtype kind = eviction;
  byte itsNumber = 0, itProves = 0;
  bool isOwn = false;
  do
  :: atomic { connection?kind, itsNumber, isOwn, itProves ->
       if
       :: kind == eviction ->
          if
          :: !isOwn -> drop()
#ifndef IGNORE_OWN
          :: isOwn && isUnanswered -> drop()
#endif
          :: else
          fi
       :: kind == echo ->
          if :: itsNumber != applied -> drop() :: else fi;
          proven = itProves; isLeased = true
       fi;
       applied = itsNumber;
       kind = eviction; itsNumber = 0; isOwn = false; itProves = 0 }
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: atomic { JOINS && isJoinable && !isJoined &&                               /* a caller joins */
#ifdef JOIN_WITHOUT_LEASE
       !isLeased ->
#else
       isLeased && kept == NOTHING ->
#endif
       isJoined = true;
       owed = (isLeased -> proven : evicted);
       if :: told > owed -> owed = told :: else fi }
  :: timeout -> break
  od
}

proctype heart() {
  byte beats = 0;
  do
  :: beats < BEATS -> atomic { beats++; connection!echo, number, false, evicted }  /* HEARTBEAT */
  :: else -> break
  od
}

/* The instance's own evictions. */
proctype evictor() {
  byte writes = 0, version = 0;
  do
  :: writes < WRITES -> writes++;
     atomic { database++; version = database };                                 /* committed */
     atomic { drop(); isUnanswered = true };                                    /* the first fence */
     if
     :: atomic { evict(version, true) };
        atomic {                                                                /* acknowledged */
#ifndef NO_SECOND_FENCE
          drop();
#endif
          isUnanswered = false; told = version }
     :: if
        :: atomic { evict(version, true) }                                      /* the reply is lost */
        :: skip                                                                 /* the step is lost */
        fi;
        atomic {
#ifndef NO_FENCE_IN_DOUBT
          drop();
#endif
          isUnanswered = false; isDoubtful = true; told = version };
#ifndef NO_REPEAT
        atomic { evict(version, true) };
#endif
        atomic { drop(); isDoubtful = false }
     fi;
     version = 0
  :: else -> break
  od
}

proctype writer() {
  byte writes = 0, version = 0;
  do
  :: writes < FOREIGN -> writes++;
     atomic { database++; version = database };
     atomic { evict(version, false); version = 0 }
  :: else -> break
  od
}

init {
  atomic { run reader(); run listener(); run heart(); run evictor(); run writer() }
}
