/*
 * An eviction with acks: 'all', beside two instances that may host its cache. Promise: C4.
 *
 * The evictor stands outside. It waits for its audience: the living instances whose field in `hosts` names
 * the cache, or is missing. Each has acknowledged, or lost its lease. `members` says who is living, and since
 * when the list is whole ("born"); both are one sorted set and may be lost together. `hosts` may be lost as
 * well. A list that is young is waited for: no lease of a beat from before `born` may be left.
 *
 * The model has no time. A moment is the number of steps that Redis has executed so far. A value in L1 is the
 * number of the eviction it was filled after; fills are right when they happen (the other models are about
 * those). That the evictor waits for a lease to run out is one step: from then on, no echo of an earlier beat
 * grants one.
 *
 * Rules stand by default. -D... leaves one out:
 *   NO_ACKS              the evictor waits for nobody
 *   NO_YOUTH             a young list is taken for a whole one
 *   MISSING_IS_ABSENT    who has no field in `hosts` is no audience
 *   HOSTS_APART          the field is written by a command of its own, after the beat that proves the cache
 *   BORN_APART           the list and `born` are two keys, and one may be lost alone
 *   EARLY_ECHO           an echo proves a cache that its beat, when it was sent, did not name
 *   LATE_TAKES_NAMES     a beat writes its names over a field that begins with them
 *   LOSS_GOES_UNNOTICED  a beat writes its field again, when `hosts` was lost, and leaves the list as old as it is
 * Faults: DROPS (messages lost on a connection that stands), LOSSES; JOINS (1: an instance gets the cache
 * late), LEAVES (1: an instance leaves, and takes its field along), LATE_BEATS (so many beats are stuck, one of
 * an instance at a time, and executed at any later moment: after later beats, or after the instance has left).
 * ONE_IS_SILENT makes a search smaller: the first instance sends no beats, so it never has a lease.
 */
#ifndef BEATS
#define BEATS 2
#endif
#ifndef EVICTIONS
#define EVICTIONS 2
#endif
#ifndef DROPS
#define DROPS 0
#endif
#ifndef LOSSES
#define LOSSES 0
#endif
#ifndef JOINS
#define JOINS 0
#endif
#ifndef LEAVES
#define LEAVES 0
#endif
#ifndef LATE_BEATS
#define LATE_BEATS 0
#endif
#define INSTANCES 2
#define NOTHING 255
#ifdef ONE_IS_SILENT
#define BEATS_OF(who) (who == 0 -> 0 : BEATS)
#else
#define BEATS_OF(who) BEATS
#endif

mtype = { eviction, echo };

/* Redis. */
byte number = 1;              /* of the last eviction */
byte moment = 1;
byte born = 1;                /* since when the list is whole; 0: not known */
bool isLiving[INSTANCES], hasField[INSTANCES], isHost[INSTANCES];

/* The instances. */
byte kept[INSTANCES];         /* L1 */
byte applied[INSTANCES];      /* the number of the last message applied, which is acknowledged at once */
byte lastBeat[INSTANCES];
byte provenFrom[INSTANCES];   /* the first beat that was sent since the cache is there */
bool hasCache[INSTANCES], isLeased[INSTANCES], hasLeft[INSTANCES];
byte leasedAt[INSTANCES];     /* when the beat of the lease was executed */
byte pastUntil[INSTANCES];    /* a lease of a beat before this moment has run out */

byte resolved = 1;            /* the number of the last eviction whose caller went on */
byte drops = 0, late = 0;

/* The subscriber's connection: kind, number, and of an echo: its beat, and when that was executed. */
chan connection0 = [3] of { mtype, byte, byte, byte };
chan connection1 = [3] of { mtype, byte, byte, byte };

inline deliver(wire, kind, aBeat, aMoment) {
  if
  :: nfull(wire) -> wire!kind, number, aBeat, aMoment
  :: drops < DROPS -> drops++
  fi
}

/*
 * HEARTBEAT. Names only grow while an instance lives: a field that has the cache, when the beat does not name
 * it, was written by a later beat, and stays. A living instance without a field: `hosts` was lost. This beat may
 * be a late one, which writes fewer names than were lost, so the list counts as young.
 */
inline execute(aBeat, names) {
  moment++;
#ifndef LOSS_GOES_UNNOTICED
  if :: isLiving[me] && !hasField[me] -> born = moment :: else fi;
#endif
  isLiving[me] = true;
  if :: born == 0 -> born = moment :: else fi;
#ifndef HOSTS_APART
#ifndef LATE_TAKES_NAMES
  if
  :: hasField[me] && isHost[me]
  :: else -> hasField[me] = true; isHost[me] = names
  fi;
#else
  hasField[me] = true; isHost[me] = names;
#endif
#endif
  deliver(wire, echo, aBeat, moment)
}

proctype instance(byte me; chan wire) {
  mtype kind = eviction;
  byte beats = 0, itsNumber = 0, itsBeat = 0, itsMoment = 0;
  bool isSent = false, itNames = false;
#if LATE_BEATS
  byte stuckBeat = 0, heard = 0;  /* heard: the beat of the last echo; no echo of an earlier one is expected */
  bool stuckNames = false;
#endif
  do
  /* It gets the cache. */
  :: atomic { !hasCache[me] && !hasLeft[me] ->
       hasCache[me] = true; provenFrom[me] = lastBeat[me] + 1; kept[me] = NOTHING; applied[me] = 0 }
  /* It sends a beat, which names the cache if it is there. */
  :: atomic { beats < BEATS_OF(me) && !isSent && !hasLeft[me] ->
       beats++; lastBeat[me]++; isSent = true; itNames = hasCache[me] }
  /* Redis executes it. The guards keep a script from stopping half way. */
  :: atomic { isSent && !hasLeft[me] && (nfull(wire) || drops < DROPS) ->
       execute(lastBeat[me], itNames);
       isSent = false; itNames = false }
#if LATE_BEATS
  /* It is stuck, and the next one may overtake it. */
  :: atomic { isSent && late < LATE_BEATS && stuckBeat == 0 ->
       late++; stuckBeat = lastBeat[me]; stuckNames = itNames; isSent = false; itNames = false }
  :: atomic { stuckBeat != 0 && (nfull(wire) || drops < DROPS) ->
       execute(stuckBeat, stuckNames);
       stuckBeat = 0; stuckNames = false }
#endif
#ifdef HOSTS_APART
  :: atomic { hasCache[me] && isLeased[me] && !isHost[me] -> hasField[me] = true; isHost[me] = true }
#endif
  :: atomic { wire?kind, itsNumber, itsBeat, itsMoment ->
#if LATE_BEATS
       if
       :: kind == echo && itsBeat <= heard -> itsBeat = 0; itsMoment = 0
       :: kind == echo && itsBeat > heard -> heard = itsBeat
       :: else
       fi;
#endif
       if
       :: !hasCache[me]
       :: hasCache[me] && kind == eviction -> applied[me] = itsNumber; kept[me] = NOTHING
#ifdef EARLY_ECHO
       :: hasCache[me] && kind == echo && itsMoment >= pastUntil[me] ->
#else
       :: hasCache[me] && kind == echo && itsMoment >= pastUntil[me] && itsBeat >= provenFrom[me] ->
#endif
          if :: itsNumber != applied[me] -> applied[me] = itsNumber; kept[me] = NOTHING :: else fi;
          isLeased[me] = true; leasedAt[me] = itsMoment
       :: else
       fi;
       kind = eviction; itsNumber = 0; itsBeat = 0; itsMoment = 0 }
  :: atomic { isLeased[me] -> isLeased[me] = false }                            /* its time is over */
  :: atomic { hasCache[me] && kept[me] == NOTHING -> kept[me] = number }        /* a read fills */
  :: atomic { isLeased[me] && kept[me] != NOTHING && kept[me] < resolved ->     /* C4 */
       assert(kept[me] >= resolved) }
#if LEAVES
  :: atomic { !hasLeft[me] && !isSent -> hasLeft[me] = true; hasCache[me] = false; isLeased[me] = false;
       kept[me] = NOTHING; isLiving[me] = false; hasField[me] = false; isHost[me] = false }
#endif
  :: timeout -> break
  od
}

/* Whether an instance cannot serve the old value any more: it has no lease of a beat from before then. */
#define IS_OVER(who, when) (!isLeased[who] || leasedAt[who] >= when)
/* Whether the evictor need not wait for an instance any more. */
#define IS_DONE(who) (!isAudience[who] || applied[who] >= mine || IS_OVER(who, executed))

proctype evictor() {
  byte evictions = 0, mine = 0, executed = 0, whole = 0, i = 0;
  bool isAudience[INSTANCES];
  do
  :: evictions < EVICTIONS -> evictions++;
     atomic { (nfull(connection0) || drops < DROPS) && (nfull(connection1) || drops < DROPS) && /* EVICT */
         (nfull(connection0) || nfull(connection1) || drops + 1 < DROPS) ->
       number++; moment++; mine = number; executed = moment;
       whole = (born == 0 -> moment : born);
       for (i : 0 .. INSTANCES - 1) {
#ifdef MISSING_IS_ABSENT
         isAudience[i] = isLiving[i] && hasField[i] && isHost[i]
#else
         isAudience[i] = isLiving[i] && (!hasField[i] || isHost[i])
#endif
       }
       i = 0;
       deliver(connection0, eviction, 0, 0);
       deliver(connection1, eviction, 0, 0) };
#ifndef NO_ACKS
     atomic { IS_DONE(0) && IS_DONE(1) ->                                       /* waits */
       for (i : 0 .. INSTANCES - 1) {
         if
         :: isAudience[i] && applied[i] < mine && pastUntil[i] < executed -> pastUntil[i] = executed
         :: else
         fi
       }
       i = 0 };
#endif
#ifndef NO_YOUTH
     atomic { IS_OVER(0, whole) && IS_OVER(1, whole) ->
       for (i : 0 .. INSTANCES - 1) { if :: pastUntil[i] < whole -> pastUntil[i] = whole :: else fi }
       i = 0 };
#endif
     atomic { resolved = mine;                                                  /* its caller goes on */
       mine = 0; executed = 0; whole = 0; isAudience[0] = false; isAudience[1] = false }
  :: else -> break
  od
}

proctype thief() {
  byte losses = 0;
  do
  :: losses < LOSSES -> losses++;
     if
     :: atomic { hasField[0] = false; hasField[1] = false; isHost[0] = false; isHost[1] = false }
#ifdef BORN_APART
     :: atomic { isLiving[0] = false; isLiving[1] = false }
     :: born = 0
#else
     :: atomic { isLiving[0] = false; isLiving[1] = false; born = 0 }
#endif
     fi
  :: else -> break
  od
}

init {
  byte i;
  atomic {
    for (i : 0 .. INSTANCES - 1) {
      hasCache[i] = true; isLiving[i] = true; hasField[i] = true; isHost[i] = true;
      applied[i] = 1; kept[i] = NOTHING
    }
    i = 0;
#if JOINS
    hasCache[1] = false; isHost[1] = false;
#endif
    run instance(0, connection0); run instance(1, connection1); run evictor(); run thief()
  }
}
