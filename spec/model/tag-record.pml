/*
 * What Redis knows of tags, beside an instance with tags and one without: the record, its floor, pure
 * generations. Promise: C2 for evictions by tag, for either instance.
 *
 * There is one key and one tag, as in tags.pml. The record holds the number of the tag's last eviction, and a
 * floor: entries with an older `since` are dead. The floor is bound to the generation that it was begun with.
 * If the present generation has no floor, the record was lost, or was never begun: every entry is dead, and
 * the next eviction by tag begins a new generation. The record may be lost by itself. An eviction by tag may
 * also remove the oldest numbers from it; the floor rises then.
 *
 * The instance without tags stores entries that have no tag and no `since`. No eviction by tag could find
 * them. So a generation is "pure" as long as no instance without tags has been granted a fill lease in it. If
 * the present generation is not pure, an eviction by tag begins a new one.
 *
 * The instance with tags has neither lease nor L1 here: it asks Redis for everything (tags.pml has the rest).
 * So what it serves is at least as new as everything that had been evicted when the read began. The instance
 * without tags has an L1, and a lease that proves `proven`. It believes the generations that messages and
 * echoes name: generations.pml has rumours and forgers.
 *
 * A read takes two steps, and another server may have taken the place of the first one meanwhile. An entry is
 * alive only if the instance, when it asks the record, still knows the generation in which it read the entry.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_FLOOR             a reader does not ask whether the floor is there
 *   FLOOR_UNBOUND        the floor of any generation will do
 *   ASK_AS_READ          a reader asks for the floor of the generation in which it read the entry, and does
 *                        not look whether it knows another one by now
 *   ASK_AS_KNOWN         a reader asks for the floor of the generation that it knows by now
 *   RECREATE_QUIETLY     an eviction by tag that finds the record lost begins another one, and no generation
 *   TRIM_LEAVES_FLOOR    the server forgets a number and leaves the floor
 *   LEAVES_PURE          the instance without tags leaves the generation pure
 *   PURE_UNTIL_FILL      ... or until it stores
 *   EVICTS_IMPURE        an eviction by tag does not begin a new generation if the present one is not pure
 *   ALWAYS_PURE          every new generation is pure, whoever begins it, but only tagged ones write a floor
 *   UNTAGGED_READABLE    the instance with tags serves entries without tags
 *   UNTAGGED_KEEPS_L1    an eviction by tag does not empty the L1 of the instance without tags
 *   NEVER_MOVED          not a rule, but a claim that must be false: entries with tags are served in the
 *                        first generation only
 * Faults: DROPS (messages lost), LOSSES (of the state), RECORD_LOSSES, TRIMS, RESTARTS (from a snapshot of
 * any moment). CLEARS (1) and KEYS (1): a write may be a clear, by an instance with tags or without, or
 * an eviction by key.
 */
#ifndef TAGGED_READS
#define TAGGED_READS 2
#endif
#ifndef UNTAGGED_READS
#define UNTAGGED_READS 0
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef BEATS
#define BEATS 0               /* of the instance without tags */
#endif
#ifndef TAGGED_BEATS
#define TAGGED_BEATS 0
#endif
#ifndef DROPS
#define DROPS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef RECORD_LOSSES
#define RECORD_LOSSES 0
#endif
#ifndef TRIMS
#define TRIMS 0
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef CLEARS
#define CLEARS 0
#endif
#ifndef KEYS
#define KEYS 0
#endif
#define ROOM (WRITES + BEATS)
#define GENERATIONS 9

#define NOTHING 255
#define UNTAGGED 255          /* the `since` of an entry that has none */

mtype = { tagEviction, keyEviction, otherEviction, echo };

/* The database, and Redis. */
byte database = 0;
byte number = 1, generation = 1;       /* the state; generation 0: lost */
bool isPure = true;                    /* of the state, too */
byte lastGeneration = 1;               /* the server's clock: no generation is used twice */
byte floorOf = 1, floor = 1;           /* of the record: the generation of the floor (0: none); the floor */
byte recorded = 0;                     /* of the record: the number of the tag's last eviction */
byte stored[GENERATIONS], storedSince[GENERATIONS];    /* L2, by generation */
byte fillLease = 0, lastLease = 0;     /* of the present generation */
byte evicted = 0;

/* The instance with tags. */
byte taggedKnown = 1;                  /* the generation */

/* The instance without tags. */
byte kept = NOTHING;                   /* L1 */
byte known = 1;                        /* the generation */
byte applied = 1, proven = 0;
bool isLeased = true, isTicketValid = false;
byte drops = 0, trims = 0;

/* Its subscriber's connection: kind, number, generation; of an echo: what it proves. */
chan connection = [ROOM] of { mtype, byte, byte, byte };

inline deliver(kind, itProves) {
  if
  :: UNTAGGED_READS > 0 -> connection!kind, number, generation, itProves
  :: UNTAGGED_READS > 0 && drops < DROPS -> drops++
  :: UNTAGGED_READS == 0
  fi
}

/* A new generation, by an instance with tags or by one without. */
inline begin(byTagged) {
  if :: generation == 0 -> number = number + 2 :: else fi;                      /* the server's clock */
  lastGeneration++; assert(lastGeneration < GENERATIONS);
  generation = lastGeneration; fillLease = 0;
#ifdef ALWAYS_PURE
  isPure = true;
#else
  isPure = byTagged;
#endif
  if :: byTagged -> floorOf = generation; floor = number; recorded = 0 :: else fi
}

#ifdef ASK_AS_READ
#define IS_SAME true
#elif defined(ASK_AS_KNOWN)
#define IS_SAME true
#else
#define IS_SAME (asked == taggedKnown)
#endif
#ifdef NO_FLOOR
#define HAS_FLOOR true
#elif defined(ASK_AS_KNOWN)
#define HAS_FLOOR (floorOf == taggedKnown)
#elif defined(FLOOR_UNBOUND)
#define HAS_FLOOR (floorOf != 0)
#else
#define HAS_FLOOR (floorOf == asked)
#endif

#ifdef UNTAGGED_READABLE
#define IS_READABLE (found != NOTHING)
#else
#define IS_READABLE (found != NOTHING && since != UNTAGGED)
#endif

proctype taggedReader() {
  byte reads = 0, found = 0, since = 0, asked = 0, lease = 0, evictedBefore = 0;
  bool isAlive = false;
  do
  :: reads < TAGGED_READS -> reads++;
     atomic { evictedBefore = evicted; asked = taggedKnown };
     atomic {                                                                   /* GET, with the generation */
       if
       :: generation == asked -> found = stored[asked]; since = storedSince[asked]
       :: else -> found = NOTHING; since = 0
       fi;
       if :: generation > taggedKnown -> taggedKnown = generation :: else fi };
     if
     :: IS_READABLE ->
        atomic { isAlive = (IS_SAME && HAS_FLOOR && since >= floor && recorded <= since);     /* ZMSCORE */
#ifdef NEVER_MOVED
          assert(!isAlive || asked == 1);
#endif
          if :: isAlive -> assert(found >= evictedBefore) :: else fi }          /* C2 */
     :: else
     fi;
     if
     :: isAlive
     :: else ->
        atomic { asked = taggedKnown;                                           /* ACQUIRE */
          if
          :: generation == 0 -> begin(false); taggedKnown = generation
          :: generation != 0 && generation != asked -> taggedKnown = generation
          :: generation == asked && fillLease == 0 &&
             (stored[asked] == NOTHING || (stored[asked] == found && storedSince[asked] == since)) ->
             stored[asked] = NOTHING; storedSince[asked] = 0;
             lastLease++; fillLease = lastLease; lease = lastLease; since = number
          :: else
          fi };
        if
        :: lease != 0 ->
           found = database;                                                    /* the load */
           atomic {                                                             /* FILL */
             if
             :: generation == asked && fillLease == lease ->
                stored[asked] = found; storedSince[asked] = since; fillLease = 0
             :: else
             fi }
        :: else
        fi
     fi;
     atomic { found = 0; since = 0; asked = 0; lease = 0; evictedBefore = 0; isAlive = false }
  :: else -> break
  od
}

inline drop() { kept = NOTHING; isTicketValid = false }

inline follow(its) { if :: its > known -> known = its; drop() :: else fi }

inline keep(what) { if :: isTicketValid -> kept = what :: else fi }

proctype untaggedReader() {
  byte reads = 0, found = 0, named = 0, asked = 0, lease = 0, atLeast = 0;
  bool isPlain = false, isFilled = false;
  do
  :: reads < UNTAGGED_READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING -> assert(kept >= proven) }        /* C2: L1 */
     :: atomic { !(isLeased && kept != NOTHING) ->
          isTicketValid = true; isPlain = isLeased; asked = known;
          atLeast = (isLeased -> proven : evicted) };
        atomic {
          if
          :: isPlain -> found = (storedSince[asked] == UNTAGGED -> stored[asked] : NOTHING)   /* GET */
          :: else -> named = generation;                                        /* GET, with the generation */
             found = (named == asked && storedSince[asked] == UNTAGGED -> stored[asked] : NOTHING)
          fi };
        atomic { follow(named); named = 0;                                      /* its reply */
          assert(found >= atLeast);                                             /* C2: L2 */
          if :: found != NOTHING -> keep(found) :: else fi };
        if
        :: found != NOTHING
        :: else ->
           atomic { asked = known;                                              /* ACQUIRE */
             if
             :: generation == 0 -> begin(false); follow(generation)
             :: generation != 0 && generation != asked -> follow(generation)
             :: generation == asked && fillLease == 0 &&
                (stored[asked] == NOTHING || storedSince[asked] != UNTAGGED) ->
#if !defined(LEAVES_PURE) && !defined(PURE_UNTIL_FILL)
                isPure = false;
#endif
                stored[asked] = NOTHING; storedSince[asked] = 0;
                lastLease++; fillLease = lastLease; lease = lastLease
             :: else
             fi };
           found = database;                                                    /* the load */
           atomic {                                                             /* FILL */
             isFilled = (lease != 0 && generation == asked && fillLease == lease);
             if
             :: isFilled -> stored[asked] = found; storedSince[asked] = UNTAGGED; fillLease = 0;
#ifdef PURE_UNTIL_FILL
                isPure = false
#endif
             :: else
             fi };
           atomic { if :: isFilled -> keep(found) :: else fi }
        fi;
        atomic { found = 0; asked = 0; lease = 0; atLeast = 0;
          isPlain = false; isFilled = false; isTicketValid = false }
     fi
  :: else -> break
  od
}

proctype listener() {
  mtype kind = echo;
  byte itsNumber = 0, itsGeneration = 0, itProves = 0;
  do
  :: atomic { connection?kind, itsNumber, itsGeneration, itProves ->
       follow(itsGeneration);
       if :: kind == echo && itsNumber != applied -> drop()
          :: kind != echo && itsNumber != applied + 1 -> drop()
          :: else fi;
       applied = itsNumber;
       if
       :: kind == echo -> proven = itProves; isLeased = true
#ifndef UNTAGGED_KEEPS_L1
       :: kind == tagEviction -> drop()
#endif
       :: kind == keyEviction -> drop()
       :: else
       fi;
       kind = echo; itsNumber = 0; itsGeneration = 0; itProves = 0 }
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: timeout -> break
  od
}

/* HEARTBEAT of either instance: both notice a lost state, the one with tags a lost record as well. */
proctype heart() {
  byte beats = 0, taggedBeats = 0;
  do
  :: atomic { beats < BEATS -> beats++;
       if :: generation == 0 -> begin(false) :: else fi;
       deliver(echo, evicted) }
  :: atomic { taggedBeats < TAGGED_BEATS -> taggedBeats++;
       if :: generation == 0 || (floorOf == 0 && recorded == 0) -> begin(true) :: else fi }
  :: beats == BEATS && taggedBeats == TAGGED_BEATS -> break
  od
}

#ifdef EVICTS_IMPURE
#define IS_WRONG (generation == 0 || floorOf != generation)
#elif defined(RECREATE_QUIETLY)
#define IS_WRONG (generation == 0 || !isPure)
#else
#define IS_WRONG (generation == 0 || !isPure || floorOf != generation)
#endif

/* EVICT_TAGS: first of all a new generation, if there must be one. The caller repeats it then. */
inline evict(isOfTag) {
  do
  :: atomic { IS_WRONG -> begin(true) }
  :: atomic { !IS_WRONG ->
#ifdef RECREATE_QUIETLY
       if :: floorOf != generation -> floorOf = generation; floor = 0; recorded = 0 :: else fi;
#endif
       number++;
       if
       :: isOfTag -> recorded = number; evicted = version; deliver(tagEviction, 0)
       :: else -> deliver(otherEviction, 0);
          if
          :: trims < TRIMS && recorded != 0 -> trims++;                         /* the server forgets it */
#ifndef TRIM_LEAVES_FLOOR
             if :: recorded > floor -> floor = recorded :: else fi;
#endif
             recorded = 0
          :: true
          fi
       fi;
       version = 0; break }
  od
}

proctype writer() {
  byte writes = 0, version = 0;
  do
  :: writes < WRITES -> writes++;
     if
     :: atomic { database++; version = database };                              /* committed */
        if
        :: evict(true)
        :: atomic { KEYS && generation != 0 ->                                  /* EVICT */
             stored[generation] = NOTHING; storedSince[generation] = 0; fillLease = 0; number++;
             evicted = version; deliver(keyEviction, 0); version = 0 }
        :: atomic { CLEARS ->                                                   /* CLEAR */
             if :: true -> begin(true) :: true -> begin(false) fi;
             number++; evicted = version; deliver(keyEviction, 0); version = 0 }
        fi
     :: evict(false)                                                            /* of another tag */
     fi
  :: else -> break
  od
}

proctype thief() {
  byte losses = 0, recordLosses = 0;
  do
  :: atomic { losses < LOSSES -> losses++; generation = 0; isPure = false; fillLease = 0 }
  :: atomic { recordLosses < RECORD_LOSSES -> recordLosses++; floorOf = 0; floor = 0; recorded = 0 }
  :: losses == LOSSES && recordLosses == RECORD_LOSSES -> break
  od
}

#if RESTARTS
/* The first heartbeat on the new server begins a generation, before anything else (generations.pml). */
proctype restarter() {
  byte itsNumber, itsFloorOf, itsFloor, itsRecorded;
  d_step { itsNumber = number; itsFloorOf = floorOf; itsFloor = floor; itsRecorded = recorded };
  atomic {
    number = itsNumber; floorOf = itsFloorOf; floor = itsFloor; recorded = itsRecorded;
    itsNumber = 0; itsFloorOf = 0; itsFloor = 0; itsRecorded = 0;
    do
    :: nempty(connection) -> connection?_, _, _, _
    :: empty(connection) -> break
    od;
    isLeased = false;
    if :: generation == 0 -> generation = lastGeneration :: else fi;
    if :: true -> begin(true) :: true -> begin(false) fi;
    taggedKnown = generation }
}
#endif

init {
  byte i;
  atomic {
    for (i : 0 .. GENERATIONS - 1) { stored[i] = NOTHING }
    stored[1] = 0; storedSince[1] = 1; i = 0;
    run taggedReader(); run untaggedReader(); run listener(); run heart(); run writer(); run thief();
#if RESTARTS
    run restarter();
#endif
    skip
  }
}
