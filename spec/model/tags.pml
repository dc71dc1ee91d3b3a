/*
 * One instance with tags that reads and evicts by tag, beside a foreign writer. Promises: C1, C2, C5 and C6
 * for evictions by tag.
 *
 * Leases, numbers, echoes, read tickets and fill leases are those of coherence.pml. There is one key, and its
 * entries always carry the same tag ("the tag"). An eviction of the tag removes nothing from L2. It counts a
 * number, and writes it down in Redis (the record) as the number of the tag. An entry has `since`: the number
 * at the moment when its fill lease was granted. An entry is dead if its tag has a later number.
 *
 * The instance keeps a clock: the number of the last eviction of the tag that it has applied. `knownFrom` is
 * the number from which on the clock lacks nothing. A gap, and an echo with another number, make it unknown
 * ("a reset"); the next valid echo sets it again. Under a lease, an entry of L2 that is not older than
 * `knownFrom` is compared with the clock, and with nothing else. For any other entry the record is asked
 * (ZMSCORE). The answer is remembered: the tag is "learnt" until the next reset. The memory of the clock is
 * bounded: it may forget the tag. Then it remembers the number that it has forgotten.
 *
 * A server with an older number may take the place of the present one, with a new generation. The instance
 * notices that at once (generations.pml has the rest), and forgets the clock. What it reads and loads belongs
 * to the generation in which it was read, or in which its load began.
 *
 * `proven` is what the last echo proves. `told` is the version that a caller evicted who has gone on. `owed`
 * is owed to the caller who has joined the read under way, as in own-writes.pml. A read that is judged under
 * a lease is owed what had been evicted when it began, or at the heartbeat of the lease, if that was earlier.
 *
 * Rules stand by default. -D... leaves one out:
 *   SINCE_LATE             `since` is the number at the end of the load
 *   NO_KNOWN_FROM          an entry of any age is compared with the clock alone
 *   NO_RESET               a gap leaves `knownFrom`, and what is learnt, as it is
 *   RESET_FORGETS          a reset forgets the clock
 *   KNOWN_FROM_ECHO        an echo that proves late sets `knownFrom` to its number, not to the last applied
 *   KEEP_UNCOMPARED        L1 keeps what was read or loaded without comparing it with the clock
 *   NO_INDEX               a message leaves the values of its tag in L1
 *   NO_CLOCK_AFTER_ASKING  when the record's answer arrives, the entry is not compared with the clock again
 *   ASK_OVER_RESET         an answer is remembered although a reset came while it was under way
 *   NO_SECOND_FENCE        the reply to an own eviction sets no clock and fences nothing
 *   READ_IN_DOUBT          entries of a tag in doubt are served from L2, and kept
 *   JOIN_OVERTAKEN         a caller who has joined a read takes its value, whatever the clock says
 *   JOIN_UNKNOWN           ... or whatever `knownFrom` says
 *   JOIN_ACROSS            ... or although its generation is over
 *   JUDGE_ACROSS           an entry is compared with the clock although its generation is over
 *   FORGETS_QUIETLY        the clock forgets the tag, and its number as well
 *   ALWAYS_ASKED           not a rule, but a claim that must be false: L2 is never served without asking
 * Faults: CUTS, DROPS (messages lost on a connection that stands), DOUBTS (1: steps and replies of own
 * evictions may be lost), FORGETS (how often the clock forgets the tag), RESTARTS (with an older number),
 * LATE (1: an echo may prove late, when a reply names its generation). KEYS (1): the foreign writer may evict
 * by the key as well. JOINS (1): reads are joined.
 */
#ifndef READS
#define READS 2
#endif
#ifndef WRITES
#define WRITES 0              /* of the instance itself */
#endif
#ifndef FOREIGN
#define FOREIGN 1
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
#ifndef FORGETS
#define FORGETS 0
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef LATE
#define LATE 0
#endif
#ifndef KEYS
#define KEYS 0
#endif
#ifndef JOINS
#define JOINS 0
#endif
#define ROOM (WRITES * (1 + DOUBTS) + FOREIGN + BEATS)

#define NOTHING 255
#define UNKNOWN 254

mtype = { tagEviction, keyEviction, otherEviction, echo };

/* The database, and Redis. */
byte database = 0;
byte stored = 0, storedSince = 1;      /* L2: an entry, and its `since` */
byte fillLease = 0, lastLease = 0;
byte number = 1;                       /* of the last eviction message */
byte recorded = 0;                     /* the record: the number of the tag's last eviction */
byte generation = 1;
byte evicted = 0;                      /* the newest version that has been evicted */

/* The instance. */
byte kept = 0, keptSince = 1;          /* L1 */
byte applied = 1, confirmed = 1;
byte clock = 0;                        /* the number of the tag's last eviction applied */
byte forgotten = 0;                    /* the greatest number that the clock has forgotten */
byte knownFrom = 1;
bool isLearnt = false;
bool isAnswerValid = false;            /* no reset has come since the record was asked */
byte proven = 0, told = 0, owed = 0;
byte unnamed = 0, unnamedProves = 0;    /* an echo that proves nothing yet */
byte epoch = 0;
bool isLeased = true, isConnected = true, isReturning = false;
bool isTicketValid = false, isJoinable = false, isJoined = false, isDoubtful = false;
byte cuts = 0, drops = 0, forgets = 0, restarts = 0;

/* The subscriber's connection: kind, number; of an echo: its epoch, what it proves. */
chan connection = [ROOM] of { mtype, byte, byte, byte };

inline deliver(kind, itsEpoch, itProves) {
  if
  :: isConnected -> connection!kind, number, itsEpoch, itProves
  :: isConnected && drops < DROPS -> drops++
  :: !isConnected
  fi
}

inline forget_unnamed() { unnamed = 0; unnamedProves = 0 }

inline drop_key() { kept = NOTHING; keptSince = 0; isTicketValid = false; isJoinable = false }

inline drop_all() {
  drop_key();
#ifndef NO_RESET
  knownFrom = UNKNOWN; isLearnt = false;
#endif
#ifdef RESET_FORGETS
  clock = 0; forgotten = 0;
#endif
#ifndef ASK_OVER_RESET
  isAnswerValid = false
#endif
}

/* The tag was evicted: heard by a message, or told by the reply to an own eviction. */
inline advance(to) {
  if :: to > clock -> clock = to :: else fi;
#ifndef NO_INDEX
  if :: kept != NOTHING && keptSince < to -> kept = NOTHING; keptSince = 0 :: else fi
#endif
}

#define IS_OVERTAKEN(since) (clock > since || forgotten > since)

/* Whether the clock lacks nothing that an entry must be compared with. */
#ifdef NO_KNOWN_FROM
#define IS_KNOWN(since) true
#else
#define IS_KNOWN(since) (since >= knownFrom || isLearnt)
#endif
#ifdef READ_IN_DOUBT
#define IN_DOUBT false
#else
#define IN_DOUBT isDoubtful
#endif

#ifdef JUDGE_ACROSS
#define IS_CURRENT true
#else
#define IS_CURRENT (asked == generation)
#endif
/* As far as the clock knows. */
#define IS_ALIVE (found != NOTHING && IS_CURRENT && !IS_OVERTAKEN(since) && !IN_DOUBT)

inline keep(what, since) {
  if
#ifdef KEEP_UNCOMPARED
  :: isTicketValid && !IN_DOUBT -> kept = what; keptSince = since
#else
  :: isTicketValid && !IN_DOUBT && !IS_OVERTAKEN(since) -> kept = what; keptSince = since
#endif
  :: else
  fi
}

/* The read ends: what is owed to a caller who has joined it. Else he begins another load, with others. */
inline share(what, since) {
  if
#ifndef JOIN_OVERTAKEN
  :: isJoined && IS_OVERTAKEN(since)
#ifndef JOIN_UNKNOWN
  :: isJoined && !IS_KNOWN(since)
#endif
  :: isJoined && IN_DOUBT
#ifndef JOIN_ACROSS
  :: isJoined && asked != generation
#endif
#endif
  :: else -> assert(!isJoined || what >= owed)                                  /* C5: the joined */
  fi
}

proctype reader() {
  byte reads = 0, asked = 0, found = 0, since = 0, answer = 0, lease = 0, evictedBefore = 0, toldBefore = 0;
  bool isFilled = false, isAlive = false, isAsked = false;
  do
  :: reads < READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING ->
          assert(kept >= proven);                                               /* C2 */
          assert(kept >= told) }                                                /* C1, C6 */
     :: atomic { !(isLeased && kept != NOTHING) ->
          isTicketValid = true; isJoinable = true; asked = generation;
          evictedBefore = evicted; toldBefore = told };
        atomic {                                                                /* GET */
          if :: generation == asked -> found = stored; since = storedSince :: else -> found = NOTHING fi };
        atomic {                                                                /* its reply */
          if
          :: !IS_ALIVE
          :: IS_ALIVE && isLeased && IS_KNOWN(since) ->
#ifdef ALWAYS_ASKED
             assert(isAsked);
#endif
             isAlive = true;
             assert(found >= proven || found >= evictedBefore)                  /* C2 */
          :: IS_ALIVE && !(isLeased && IS_KNOWN(since)) ->
             isAsked = true; isAnswerValid = true
          fi };
        if
        :: isAsked ->
           answer = recorded;                                                   /* ZMSCORE */
           atomic {                                                             /* its reply */
             if
             :: isAnswerValid -> isLearnt = true;
                if :: answer > clock -> clock = answer :: else fi
             :: else
             fi;
#ifdef NO_CLOCK_AFTER_ASKING
             isAlive = (answer <= since && !IN_DOUBT);
             if :: isAlive && isTicketValid -> kept = found; keptSince = since :: else fi;
#else
             isAlive = (answer <= since && IS_ALIVE);
#endif
             if :: isAlive -> assert(found >= evictedBefore) :: else fi;        /* C2 */
             isAnswerValid = false; answer = 0; isAsked = false }
        :: else
        fi;
        if
        :: isAlive
        :: else ->
           atomic {                                                             /* ACQUIRE */
             asked = generation;
             stored = NOTHING; storedSince = 0;
             lastLease++; fillLease = lastLease; lease = lastLease;
             since = number };
           found = database;                                                    /* the load */
           atomic {                                                             /* FILL */
#ifdef SINCE_LATE
             since = number;
#endif
             isFilled = (fillLease == lease);
             if :: isFilled -> stored = found; storedSince = since; fillLease = 0 :: else fi }
        fi;
        atomic {
          if
#ifdef NO_CLOCK_AFTER_ASKING
          :: isFilled -> keep(found, since)
#else
          :: isAlive || isFilled -> keep(found, since)
#endif
          :: else
          fi;
          assert(found >= toldBefore);                                          /* C1, C6 */
          share(found, since);
          found = 0; since = 0; asked = 0; lease = 0; evictedBefore = 0; toldBefore = 0;
          isFilled = false; isAlive = false;
          isTicketValid = false; isJoinable = false; isJoined = false; owed = 0 }
     fi
  :: else -> break
  od
}

inline hear(kind, itsNumber) {
  if :: !(isReturning || itsNumber == applied + 1) -> drop_all() :: else fi;
  applied = itsNumber;
  if
  :: kind == tagEviction -> advance(itsNumber)
  :: kind == keyEviction -> drop_key()
  :: else
  fi
}

/* A valid echo arrives. */
inline hear_echo(itsNumber) {
  if
  :: isReturning && itsNumber != confirmed -> drop_all()
  :: !isReturning && itsNumber != applied -> drop_all()
  :: else
  fi;
  applied = itsNumber; isReturning = false
}

/* A valid echo proves something: at once, or when a reply has named its generation. */
inline prove(itsNumber, itProves) {
  confirmed = itsNumber; proven = itProves; isLeased = true;
  if
#ifdef KNOWN_FROM_ECHO
  :: knownFrom == UNKNOWN -> knownFrom = itsNumber
#else
  :: knownFrom == UNKNOWN -> knownFrom = applied
#endif
  :: else
  fi
}

proctype listener() {
  mtype kind = echo;
  byte itsNumber = 0, itsEpoch = 0, itProves = 0;
  do
  :: atomic { connection?kind, itsNumber, itsEpoch, itProves ->
       if
       :: kind != echo -> hear(kind, itsNumber)
       :: kind == echo && itsEpoch == epoch -> hear_echo(itsNumber);
          if
          :: true -> prove(itsNumber, itProves)
          :: LATE -> unnamed = itsNumber; unnamedProves = itProves
          fi
       :: kind == echo && itsEpoch != epoch
       fi;
       kind = echo; itsNumber = 0; itsEpoch = 0; itProves = 0 }
  :: atomic { unnamed != 0 -> prove(unnamed, unnamedProves); forget_unnamed() }  /* a reply has named it */
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: atomic { isConnected && cuts < CUTS -> cuts++; isConnected = false }       /* the connection breaks */
  :: atomic { !isConnected ->                                                   /* that is noticed: */
       do                                                                       /* no more of it is read */
       :: nempty(connection) -> connection?_, _, _, _
       :: empty(connection) -> break
       od;
       isLeased = false; forget_unnamed(); epoch++; isReturning = true };
     isConnected = true                                                         /* confirmed again */
  :: atomic { restarts < RESTARTS -> restarts++;                                /* another server */
       do
       :: nempty(connection) -> connection?_, _, _, _
       :: empty(connection) -> break
       od;
       generation++; number = 1; recorded = 0; stored = NOTHING; storedSince = 0; fillLease = 0;
       isConnected = true; isLeased = false; forget_unnamed(); epoch++; isReturning = true;
       confirmed = UNKNOWN; drop_all(); clock = 0; forgotten = 0 }
  :: atomic { forgets < FORGETS && clock > 0 -> forgets++;
#ifndef FORGETS_QUIETLY
       if :: clock > forgotten -> forgotten = clock :: else fi;
#endif
       clock = 0; isLearnt = false }
  :: atomic { JOINS && isJoinable && !isJoined && isLeased && kept == NOTHING ->
       isJoined = true;                                                         /* a caller joins */
       owed = (told > proven -> told : proven) }
  :: timeout -> break
  od
}

proctype heart() {
  byte beats = 0, sentIn = 0;
  do
  :: beats < BEATS -> atomic { beats++; sentIn = epoch };                       /* sent */
     atomic { deliver(echo, sentIn, evicted); sentIn = 0 }                      /* executed */
  :: else -> break
  od
}

/* EVICT_TAGS */
inline evict_tag(version) {
  number++; recorded = number;
  if :: version > evicted -> evicted = version :: else fi;
  deliver(tagEviction, 0, 0)
}

/* The instance's own evictions. */
proctype evictor() {
  byte writes = 0, version = 0, answered = 0;
  do
  :: writes < WRITES -> writes++;
     atomic { database++; version = database };                                 /* committed */
     atomic { kept = NOTHING; keptSince = 0 };                                  /* the first fence */
     if
     :: atomic { evict_tag(version); answered = number };
        atomic {                                                                /* acknowledged */
#ifndef NO_SECOND_FENCE
          advance(answered);
#endif
          told = version }
     :: DOUBTS ->
        if
        :: atomic { evict_tag(version) }                                        /* the reply is lost */
        :: skip                                                                 /* the step is lost */
        fi;
        atomic { isDoubtful = true; kept = NOTHING; keptSince = 0; told = version };
        atomic { evict_tag(version); answered = number };                       /* it is repeated */
        atomic { advance(answered); isDoubtful = false }
     fi;
     version = 0; answered = 0
  :: else -> break
  od
}

proctype writer() {
  byte writes = 0, version = 0;
  do
  :: writes < FOREIGN -> writes++;
     if
     :: atomic { database++; version = database };                              /* committed */
        if
        :: atomic { evict_tag(version); version = 0 }
        :: atomic { KEYS ->                                                     /* EVICT */
             number++; stored = NOTHING; storedSince = 0; fillLease = 0;
             if :: version > evicted -> evicted = version :: else fi;
             deliver(keyEviction, 0, 0); version = 0 }
        fi
     :: atomic { number++; deliver(otherEviction, 0, 0) }                       /* of another tag or key */
     fi
  :: else -> break
  od
}

init {
  atomic { run reader(); run listener(); run heart(); run evictor(); run writer() }
}
