/*
 * One instance that reads, beside a foreign writer, while generations come and go. Promises: C2 and C5.
 *
 * As coherence.pml, and: the number of the last eviction, the generation and the run id of the server that
 * began it lie in one string ("the state" of the cache), which may be lost. The server may restart from a
 * snapshot without its last writes, and has another run id then. Writers clear as well as evict. L2 is read
 * under a generation. Replies come on the command connection, messages and echoes on the subscriber's: there
 * is no order between the two.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_RUN_ID            a beat does not compare the run id on record with the server's
 *   NO_VERIFYING         a new command connection is used at once
 *   OPEN_WHEN_EXECUTED   ... or when its first beat is executed, not when the reply is applied
 *   BELIEVE_MESSAGES     a generation named by a message or an echo is the known one from then on
 *   PLAIN_IN_RUMOUR      while a rumour is open, L2 is read by a plain GET under the known generation
 *   PLAIN_IN_BYPASS      L2 is read by a plain GET without a read lease
 *   KEEP_IN_RUMOUR       a rumour does not empty L1
 *   KEEP_IN_CHANGE       a generation that a reply names, and no rumour named before, does not empty L1
 *   ANY_REPLY_SETTLES    a rumour is settled by the reply to a beat that was sent before it
 *   GO_BACK              an older generation in a late reply is followed
 *   UNNAMED_PROVES       an echo with a generation that no reply has named proves something
 *   NUMBER_ALONE         the number is a key of its own, may be lost alone, and begins again at 1
 *   NUMBERS_AGAIN        with the state in one string: a number that was lost begins again at 1
 *   RETURN_BY_NUMBER     at a warm reconnect only the numbers are compared, not the generations
 *   COLD                 every confirmed subscription empties L1
 *   NEVER_MOVED          not a rule, but a claim that must be false: L1 is served in one generation only
 * Faults: CUTS, DROPS, FORGED (messages that nobody sent, with any number and a generation that is not in
 * use), LOSSES (of the state), RESTARTS (1: from a snapshot of any moment, 2: from one of before the model
 * begins, with a lower number), CLEARS (1: a write may be a clear).
 */
#ifndef READS
#define READS 2
#endif
#ifndef WRITES
#define WRITES 1
#endif
#ifndef BEATS
#define BEATS 2
#endif
#ifndef CUTS
#define CUTS 0
#endif
#ifndef DROPS
#define DROPS 0
#endif
#ifndef FORGED
#define FORGED 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef RESTARTS
#define RESTARTS 0
#endif
#ifndef CLEARS
#define CLEARS 0
#endif
#define ROOM (WRITES + BEATS + FORGED)
#define GENERATIONS 6

#define NOTHING 255
#define UNKNOWN 254
#define FORGERY (GENERATIONS - 1)  /* a generation that Redis never has */

mtype = { eviction, echo };

/* The database, and Redis. */
byte database = 0;
byte number = 2, generation = 1, runOnRecord = 1;      /* the state, one string; 0: lost */
byte stored[GENERATIONS];                              /* L2, by generation */
byte fillLease = 0, lastLease = 0;                     /* of the present generation */
byte server = 1;                                          /* the run id of the server */
byte lastGeneration = 1;                               /* the server's clock: no generation is used twice */
byte lastNumber = 2;                                   /* the same for numbers */
byte evicted = 0;

/* The instance. */
byte kept = 0;                /* L1 */
byte known = 1;               /* the generation that a reply has named */
byte rumour = 0;              /* a generation that was named otherwise; 0: none */
byte rumouredAt = 0;          /* the last beat that was sent before the rumour came */
byte applied = 2, confirmed = 2, confirmedGeneration = 1;
byte proven = 0;
/* The last echo with a generation that no reply has named yet, and what it would prove. */
byte unnamed = 0, unnamedBeat = 0, unnamedNumber = 0, unnamedProves = 0;
byte epoch = 0;
byte lastBeat = 0;
bool isLeased = true, isTicketValid = false, isReturning = false;
bool isConnected = true;      /* the server has a subscriber */
bool isOpen = true;           /* the command connection may be used */
byte cuts = 0, drops = 0;

/* Kind, number, generation, and of an echo: its beat, its epoch, what it proves. */
chan connection = [ROOM] of { mtype, byte, byte, byte, byte, byte };
/* Replies to beats: the beat, the generation. */
chan replies = [BEATS] of { byte, byte };

inline drop() { kept = NOTHING; isTicketValid = false }

inline deliver(kind, aBeat, anEpoch, itProves) {
  if
  :: isConnected -> connection!kind, number, generation, aBeat, anEpoch, itProves
  :: isConnected && drops < DROPS -> drops++
  :: !isConnected
  fi
}

inline begin() {
  lastGeneration++; assert(lastGeneration < FORGERY);
  generation = lastGeneration; runOnRecord = server; fillLease = 0
}

inline number_if_lost() {
  if
#if defined(NUMBER_ALONE) || defined(NUMBERS_AGAIN)
  :: number == 0 -> number = 1
#else
  :: number == 0 -> lastNumber = lastNumber + 3; number = lastNumber
#endif
  :: else
  fi
}

/* INCR: what counts is never used twice. */
inline count() {
  if
#if defined(NUMBER_ALONE) || defined(NUMBERS_AGAIN)
  :: true -> number++
#else
  :: number == 0 -> lastNumber = lastNumber + 3; number = lastNumber
  :: else -> number++
#endif
  fi;
  if :: number > lastNumber -> lastNumber = number :: else fi
}

/* A reply names the generation: of an open connection, in any order with other connections. */
inline follow(named) {
  if
#ifdef GO_BACK
  :: named != 0 && named != known ->
#else
  :: named > known ->
#endif
     if
     :: named == rumour -> rumour = 0
     :: named != rumour ->
#ifndef KEEP_IN_CHANGE
        drop();
#endif
        skip
     fi;
     known = named
  :: else
  fi
}

/* A message or an echo names another generation than the known one. */
inline doubt(named, since) {
#ifdef BELIEVE_MESSAGES
  if :: named != known -> known = named; drop() :: else fi
#else
#ifndef KEEP_IN_RUMOUR
  drop();
#endif
  if :: rumour == 0 || since > rumouredAt -> rumouredAt = since :: else fi;
  rumour = named
#endif
}

inline forget_unnamed() { unnamed = 0; unnamedBeat = 0; unnamedNumber = 0; unnamedProves = 0 }

inline keep(what) { if :: isTicketValid -> kept = what :: else fi }

proctype reader() {
  byte reads = 0, found = 0, asked = 0, named = 0, sentTo = 0, lease = 0, atLeast = 0;
  bool isPlain = false, isFilled = false;
  do
  :: reads < READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING ->
#ifdef NEVER_MOVED
          assert(known == 1);
#endif
          assert(kept >= proven) }        /* C2: L1 */
     :: !(isLeased && kept != NOTHING) && !isOpen                               /* the method itself */
     :: atomic { !(isLeased && kept != NOTHING) && isOpen ->
          isTicketValid = true; asked = known; sentTo = server;
#ifdef PLAIN_IN_BYPASS
          isPlain = (rumour == 0);
#else
#ifdef PLAIN_IN_RUMOUR
          isPlain = isLeased;
#else
          isPlain = (isLeased && rumour == 0);
#endif
#endif
          atLeast = (isLeased -> proven : evicted) };
        atomic {
          if
          :: sentTo == server && isPlain -> found = stored[asked]; named = 0    /* GET */
          :: sentTo == server && !isPlain -> named = generation;                /* GET, with the generation */
             found = (generation == asked -> stored[asked] : NOTHING)
          :: sentTo != server -> named = 0; found = NOTHING                     /* lost */
          fi };
        atomic {                                                                /* its reply */
          if :: named != 0 -> follow(named) :: else fi;
          named = 0;
          assert(found >= atLeast);                                             /* C2: L2 */
          if :: found != NOTHING -> keep(found) :: else fi };
        if
        :: found != NOTHING
        :: found == NOTHING ->
           atomic { asked = known; lease = 0;                                   /* ACQUIRE */
             if
             :: isOpen && generation == 0 -> begin(); number_if_lost(); follow(generation)
             :: isOpen && generation != 0 && generation != asked -> follow(generation)
             :: isOpen && generation != 0 && generation == asked &&
                stored[asked] == NOTHING && fillLease == 0 ->
                lastLease++; fillLease = lastLease; lease = lastLease
             :: else
             fi };
           found = database;                                                    /* the load */
           atomic {
             isFilled = (isOpen && lease != 0 && fillLease == lease && generation == asked); /* FILL */
             if
             :: isFilled -> stored[asked] = found; fillLease = 0;
                assert(found >= evicted)                                        /* C5 */
             :: else
             fi };
           atomic { if :: isFilled -> keep(found) :: else fi }
        fi;
        atomic { found = 0; asked = 0; lease = 0; sentTo = 0; atLeast = 0;
          isPlain = false; isFilled = false; isTicketValid = false }
     fi
  :: else -> break
  od
}

inline hear(itsNumber, itsGeneration) {
#ifdef COLD
  isNext = (applied == UNKNOWN || itsNumber == applied + 1);
#else
  isNext = (isReturning || itsNumber == applied + 1);
#endif
  if
  :: itsGeneration != known && itsGeneration != rumour -> doubt(itsGeneration, lastBeat);
     if :: isNext -> applied = itsNumber :: else fi
  :: else -> drop(); applied = itsNumber
  fi
}

/* An echo whose generation a reply has named. */
inline prove(itsNumber, itsGeneration, itProves) {
  confirmed = itsNumber; confirmedGeneration = itsGeneration;
  proven = itProves; isLeased = true
}

inline hear_echo(itsNumber, itsGeneration, itsBeat, itProves) {
  if
  :: itsGeneration != known && itsGeneration != rumour -> doubt(itsGeneration, itsBeat - 1)
  :: else
  fi;
  if
#ifdef RETURN_BY_NUMBER
  :: isReturning && itsNumber != confirmed -> drop()
#else
  :: isReturning && !(itsNumber == confirmed && itsGeneration == confirmedGeneration) -> drop()
#endif
  :: !isReturning && itsNumber != applied -> drop()
  :: else
  fi;
  isReturning = false;
  applied = itsNumber;
  if
#ifdef UNNAMED_PROVES
  :: true -> prove(itsNumber, itsGeneration, itProves)
#else
  :: itsGeneration == known -> prove(itsNumber, itsGeneration, itProves)
  :: else ->
     unnamed = itsGeneration; unnamedBeat = itsBeat; unnamedNumber = itsNumber; unnamedProves = itProves
#endif
  fi
}

proctype listener() {
  mtype kind = eviction;
  byte itsNumber = 0, itsGeneration = 0, itsBeat = 0, itsEpoch = 0, itProves = 0;
  bool isNext = false;
  do
  :: atomic { connection?kind, itsNumber, itsGeneration, itsBeat, itsEpoch, itProves ->
       if
       :: kind == eviction -> hear(itsNumber, itsGeneration)
       :: kind == echo && itsEpoch == epoch -> hear_echo(itsNumber, itsGeneration, itsBeat, itProves)
       :: kind == echo && itsEpoch != epoch
       fi;
       kind = eviction; itsNumber = 0; itsGeneration = 0; itsBeat = 0; itsEpoch = 0; itProves = 0;
       isNext = false }
  :: atomic { replies?itsBeat, itsGeneration ->                                 /* the reply to a beat */
       follow(itsGeneration);
       if
#ifdef ANY_REPLY_SETTLES
       :: rumour != 0 -> rumour = 0
#else
       :: rumour != 0 && itsBeat > rumouredAt -> rumour = 0
#endif
       :: else
       fi;
       if
       :: unnamed != 0 && itsBeat >= unnamedBeat ->                             /* what that echo proves */
          if :: unnamed == known -> prove(unnamedNumber, unnamed, unnamedProves) :: else fi;
          forget_unnamed()
       :: else
       fi;
       isOpen = true; itsBeat = 0; itsGeneration = 0 }
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: atomic { isConnected && cuts < CUTS -> cuts++; isConnected = false }       /* the connection breaks */
  :: atomic { !isConnected ->                                                   /* that is noticed: */
       do                                                                       /* no more of it is read */
       :: nempty(connection) -> connection?_, _, _, _, _, _
       :: empty(connection) -> break
       od;
       isLeased = false; epoch++; isReturning = true; forget_unnamed() };
     atomic { isConnected = true;                                               /* confirmed again */
#ifdef COLD
       drop(); applied = UNKNOWN; confirmed = UNKNOWN
#endif
     }
  :: timeout -> break
  od
}

proctype heart() {
  byte beats = 0, sentIn = 0, sentTo = 0, sentAs = 0, sentKnown = 0;
  do
  :: beats < BEATS ->
     atomic { beats++; lastBeat++; sentAs = lastBeat; sentIn = epoch; sentTo = server; sentKnown = known };
     atomic {                                                                   /* HEARTBEAT */
       if
       :: sentTo == server ->
          if
#ifdef NO_RUN_ID
          :: generation == 0 || sentKnown > generation -> begin()
#else
          :: generation == 0 || sentKnown > generation || runOnRecord != server -> begin()
#endif
          :: else
          fi;
          number_if_lost();
          deliver(echo, sentAs, sentIn, evicted);
          replies!sentAs, generation;
#ifdef OPEN_WHEN_EXECUTED
          isOpen = true
#endif
       :: else                                                                  /* lost with its connection */
       fi;
       sentIn = 0; sentTo = 0; sentAs = 0; sentKnown = 0 }
  :: else -> break
  od
}

proctype writer() {
  byte writes = 0, version = 0, itsServer = 1;
  do
  :: writes < WRITES -> writes++;
     atomic { database++; version = database };
     atomic {
       if
       :: itsServer != server -> itsServer = server;                            /* a new connection: first */
#ifndef NO_RUN_ID
          if :: runOnRecord != server -> begin(); number_if_lost() :: else fi   /* a heartbeat */
#endif
       :: else
       fi };
     atomic {
       if :: generation == 0 -> begin() :: else fi;
       if
       :: stored[generation] = NOTHING; fillLease = 0; count()                  /* EVICT */
#if CLEARS
       :: begin(); count()                                                      /* CLEAR */
#endif
       fi;
       evicted = version;
       deliver(eviction, 0, 0, 0);
       version = 0 }
  :: else -> break
  od
}

proctype forger() {
  byte forged = 0;
  do
  :: forged < FORGED -> forged++;
     if
     :: atomic { isConnected -> connection!eviction, number + 1, generation, 0, 0, 0 }
     :: atomic { isConnected -> connection!eviction, number + 1, FORGERY, 0, 0, 0 }
     :: atomic { isConnected -> connection!eviction, number, 1, 0, 0, 0 }       /* an old one */
     :: skip
     fi
  :: else -> break
  od
}

proctype thief() {
  byte losses = 0;
  do
  :: losses < LOSSES -> losses++;
#ifdef NUMBER_ALONE
     number = 0
#else
     atomic { number = 0; generation = 0; runOnRecord = 0 }
#endif
  :: else -> break
  od
}

#if RESTARTS
proctype restarter() {
  byte itsNumber, itsGeneration, itsRun, itsLease, i;
  byte itsStored[GENERATIONS];
#if RESTARTS == 2
  d_step { itsNumber = 1; itsGeneration = 1; itsRun = 1;
    for (i : 0 .. GENERATIONS - 1) { itsStored[i] = (i == 1 -> 0 : NOTHING) }
    i = 0 };
#else
  d_step { itsNumber = number; itsGeneration = generation; itsRun = runOnRecord; itsLease = fillLease;
    for (i : 0 .. GENERATIONS - 1) { itsStored[i] = stored[i] }
    i = 0 };
#endif
  d_step { number = itsNumber; generation = itsGeneration; runOnRecord = itsRun; fillLease = itsLease;
    for (i : 0 .. GENERATIONS - 1) { stored[i] = itsStored[i]; itsStored[i] = 0 }
    i = 0; itsNumber = 0; itsGeneration = 0; itsRun = 0; itsLease = 0;
    server++; isConnected = false;
#ifndef NO_VERIFYING
    isOpen = false;
#endif
    do
    :: nempty(replies) -> replies?_, _
    :: empty(replies) -> break
    od }
}
#endif

init {
  byte i;
  atomic {
    for (i : 0 .. GENERATIONS - 1) { stored[i] = NOTHING }
    stored[1] = 0; i = 0;
    run reader(); run listener(); run heart(); run writer(); run forger(); run thief();
#if RESTARTS
    run restarter();
#endif
    skip
  }
}
