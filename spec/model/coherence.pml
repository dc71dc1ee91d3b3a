/*
 * One instance that reads, beside a foreign writer, in one generation. Promises: C2 and C5.
 *
 * The model has no time. A read lease is a flag: a valid echo sets it, and it may end at any moment. `proven`
 * is what that echo proves: the newest version that had been evicted when the beat of the echo ran. C2
 * without time is then: a value that L1 serves under a lease is at least as new as `proven`.
 *
 * There is one key that is read ("the key"). Evictions of another key only count a number: a gap in the
 * numbers can be told from the next number by what becomes of the key. Versions of the value are counted; the
 * database begins with 0.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_TICKET            a reply fills L1 although a message has come since the read began
 *   NO_FILL_LEASE        a load is stored although its fill lease is gone
 *   EVICT_LEAVES_LEASE   an eviction removes the value and leaves the fill lease
 *   NO_GAP               a message with a later number than the next one only drops its own key
 *   NO_NUMBER_IN_ECHO    the number in an echo is not compared with the last one applied
 *   NO_EPOCH             an echo of a beat that was sent before the connection was lost counts
 * Reconnect, warm (the default). A lost subscription leaves L1 as it is, and closed. The first valid echo
 * afterwards empties it, unless it names the number that the last valid echo before the loss named
 * ("confirmed"). Until then, messages are applied without regard to their numbers.
 *   KEEP_ALWAYS          this echo never empties L1
 *   COMPARE_APPLIED      its number is compared with the last one applied, as that of any other echo
 *   APPLIED_BEFORE       the same, but L1 is emptied if the last number applied before the loss was not
 *                        confirmed
 *   KEEP_TICKETS         what this echo empties keeps its tickets
 *   NEVER_WARM           not a rule, but a claim that must be false: nothing in L1 survives such an echo
 * Reconnect, cold (-DCOLD). Every confirmed subscription empties L1, and the next message counts as the next
 * one.
 *   COLD_KEEPS           this does not empty L1
 *   COLD_GAP             not a rule left out, but one more: the next message empties L1 like a gap
 * Faults: CUTS, DROPS (messages lost on a connection that stands), FORGED (messages that nobody sent), LOSSES
 * (the number is a key of its own and is lost; it begins again at 0, so numbers are used twice).
 */
#ifndef READS
#define READS 2
#endif
#ifndef WRITES
#define WRITES 2
#endif
#ifndef BEATS
#define BEATS 2
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef DROPS
#define DROPS 1
#endif
#ifndef FORGED
#define FORGED 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#define ROOM (WRITES + BEATS + FORGED)

#define NOTHING 255
#define UNKNOWN 254

mtype = { eviction, echo };

/* The database, and Redis. */
byte database = 0;            /* the version that is committed */
byte stored = 0;              /* L2 */
byte fillLease = 0;           /* whose load may fill L2; 0: nobody's */
byte lastLease = 0;
byte number = 1;              /* of the last eviction message */
byte evicted = 0;             /* the newest version that has been evicted: what nobody may fall behind */

/* The instance. */
byte kept = 0;                /* L1 */
byte applied = 1;             /* the number of the last message applied */
byte confirmed = 1;           /* the number in the last valid echo */
byte proven = 0;
byte epoch = 0;               /* of the subscription; counts losses */
bool isLeased = true;
bool isConnected = true;      /* the server has a subscriber */
bool isTicketValid = false;   /* of the read under way */
bool isReturning = false;     /* the connection was lost, and no valid echo has come since */
bool wasConfirmed = true;     /* the last number applied before the loss was confirmed */

byte cuts = 0;
byte drops = 0;

/* The subscriber's connection: kind, number, whether it is of the key; of an echo: epoch, what it proves. */
chan connection = [ROOM] of { mtype, byte, bool, byte, byte };

inline drop() { kept = NOTHING; isTicketValid = false }

inline deliver(kind, itsNumber, isOfKey, itsEpoch, itProves) {
  if
  :: isConnected -> connection!kind, itsNumber, isOfKey, itsEpoch, itProves
  :: isConnected && drops < DROPS -> drops++
  :: !isConnected
  fi
}

inline keep(what) {
#ifdef NO_TICKET
  kept = what
#else
  if :: isTicketValid -> kept = what :: else fi
#endif
}

proctype reader() {
  byte reads = 0, found = 0, lease = 0;
  bool isFilled = false;
  do
  :: reads < READS -> reads++;
     if
     :: atomic { isLeased && kept != NOTHING -> assert(kept >= proven) }        /* C2 */
     :: atomic { !(isLeased && kept != NOTHING) -> isTicketValid = true };
        found = stored;                                                         /* GET */
        if
        :: found != NOTHING -> atomic { keep(found) }
        :: else ->
           atomic {                                                             /* ACQUIRE */
             if
             :: stored == NOTHING && fillLease == 0 -> lastLease++; fillLease = lastLease; lease = lastLease
             :: else -> lease = 0
             fi };
           found = database;                                                    /* the load */
           atomic {                                                             /* FILL */
#ifdef NO_FILL_LEASE
             isFilled = (lease != 0);
#else
             isFilled = (lease != 0 && fillLease == lease);
#endif
             if :: isFilled -> stored = found; fillLease = 0 :: else fi;
             assert(stored == NOTHING || stored >= evicted) };                  /* C5 */
           atomic { if :: isFilled -> keep(found) :: else fi }
        fi;
        atomic { found = 0; lease = 0; isFilled = false; isTicketValid = false }
     fi
  :: else -> break
  od
}

/* A message of an eviction arrives. */
inline hear(itsNumber, isOfKey) {
  if
#if defined(COLD_GAP)
  :: isOfKey || itsNumber != applied + 1 ->
#elif defined(COLD)
  :: isOfKey || !(applied == UNKNOWN || itsNumber == applied + 1) ->
#else
  :: isOfKey || !(isReturning || itsNumber == applied + 1) ->
#endif
#ifdef NO_GAP
     if :: isOfKey -> drop() :: else fi
#else
     drop()
#endif
  :: else
  fi;
  applied = itsNumber
}

/* A valid echo arrives. */
inline prove(itsNumber, itProves) {
#ifdef NEVER_WARM
  assert(!isReturning || itsNumber != confirmed || kept == NOTHING);
#endif
  if
#if defined(APPLIED_BEFORE)
  :: isReturning && !wasConfirmed -> drop()
#elif defined(KEEP_TICKETS)
  :: isReturning && itsNumber != confirmed -> kept = NOTHING
#elif !defined(COLD) && !defined(COMPARE_APPLIED) && !defined(KEEP_ALWAYS)
  :: isReturning && itsNumber != confirmed -> drop()
#endif
#if defined(COLD) || defined(COMPARE_APPLIED) || defined(APPLIED_BEFORE)
  :: itsNumber != applied -> drop()
#elif !defined(NO_NUMBER_IN_ECHO)
  :: !isReturning && itsNumber != applied -> drop()
#endif
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
  bool isOfKey = false;
  do
  :: atomic { connection?kind, itsNumber, isOfKey, itsEpoch, itProves ->
       if
       :: kind == eviction -> hear(itsNumber, isOfKey)
#ifdef NO_EPOCH
       :: kind == echo -> prove(itsNumber, itProves)
#else
       :: kind == echo && itsEpoch == epoch -> prove(itsNumber, itProves)
       :: kind == echo && itsEpoch != epoch
#endif
       fi;
       kind = eviction; itsNumber = 0; isOfKey = false; itsEpoch = 0; itProves = 0 }
  :: atomic { isLeased -> isLeased = false }                                    /* its time is over */
  :: atomic { isConnected && cuts < CUTS -> cuts++; isConnected = false }       /* the connection breaks */
  :: atomic { !isConnected ->                                                   /* that is noticed: */
       do                                                                       /* no more of it is read */
       :: nempty(connection) -> connection?_, _, _, _, _
       :: empty(connection) -> break
       od;
       isLeased = false; epoch++;
#ifdef APPLIED_BEFORE
       wasConfirmed = (applied == confirmed && (wasConfirmed || !isReturning));
#endif
       isReturning = true };
     atomic { isConnected = true;                                               /* confirmed again */
#ifdef COLD
#ifndef COLD_KEEPS
       drop();
#endif
       applied = UNKNOWN
#endif
     }
  :: timeout -> break
  od
}

proctype heart() {
  byte beats = 0, sentIn = 0;
  do
  :: beats < BEATS -> atomic { beats++; sentIn = epoch };                       /* sent */
     atomic { deliver(echo, number, false, sentIn, evicted); sentIn = 0 }       /* executed */
  :: else -> break
  od
}

proctype writer() {
  byte writes = 0, version = 0;
  do
  :: writes < WRITES -> writes++;
     if
     :: atomic { database++; version = database };                              /* committed */
        atomic { number++; stored = NOTHING; evicted = version;                 /* EVICT */
#ifndef EVICT_LEAVES_LEASE
          fillLease = 0;
#endif
          deliver(eviction, number, true, 0, 0); version = 0 }
     :: atomic { number++; deliver(eviction, number, false, 0, 0) }             /* EVICT of another key */
     fi
  :: else -> break
  od
}

/* Anybody may publish: a message that nobody sent, with the number that comes next or the present one. */
proctype forger() {
  byte forged = 0;
  do
  :: forged < FORGED -> forged++;
     if
     :: atomic { isConnected -> connection!eviction, number + 1, false, 0, 0 }
     :: atomic { isConnected -> connection!eviction, number, false, 0, 0 }
     :: atomic { isConnected && number > 0 -> connection!eviction, number - 1, false, 0, 0 }
     :: skip
     fi
  :: else -> break
  od
}

proctype thief() {
  byte losses = 0;
  do
  :: losses < LOSSES -> losses++; number = 0
  :: else -> break
  od
}

init {
  atomic { run reader(); run listener(); run heart(); run writer(); run forger(); run thief() }
}
