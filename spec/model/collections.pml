/*
 * Reads of many ids at once (batches): up to three reads of up to three ids, in two instances or more, and
 * one writer. Promises: no circle of reads that wait for each other, C5, and that a single read does not fail
 * with the batch of another id.
 *
 * A batch is many loads, one for each id, that share their steps and their runs of the method. When it begins,
 * it joins the loads that are under way in its instance, and begins a load for each other id. As soon as none
 * of its loads asks for its fill lease for the first time any more, the method runs for those that may load by
 * then. A load whose lease another instance holds asks again; if it gets the lease, it runs the method at once,
 * for itself. The ids of a run settle when the run is over. A read of one id is a single read.
 *
 * The method may need another id while it loads one: it then makes a single read in its instance. No id needs
 * itself, directly or through others. Yet runs can wait for each other, because a run has several ids. Who
 * waits for whom: a load waits for its run; a run for the read that its method makes; such a read for the load
 * that it has begun or joined; a load that asks again for the load that holds its lease, if that is in the same
 * process. Nothing in this graph waits for two at once, so it is searched by a walk along a chain. A read by a
 * method does not join a load that waits for it, and does not ask again while the holder of the lease waits for
 * it. It loads for itself.
 *
 * There is no time. A wait that the library ends after a while never ends here, unless a flag says so. All
 * loops are bounded: if there is no circle, every read ends. A circle is a state in which nothing can happen
 * while a read is under way.
 *
 * Rules stand by default. -D... leaves one out:
 *   JOIN_WAITS_FOR_BATCH    who joins a load waits until all ids of its batch have settled
 *   WAIT_BEFORE_OWN         a batch waits for joined loads and for leases before its first run
 *   LATE_WAITS_FOR_LEASES   a load that gets its lease late waits until no load of its batch asks again
 *   LATE_WAITS_FOR_JOINS    a load that gets its lease late waits for all that its batch has joined
 *   RUNS_SETTLE_TOGETHER    the ids of the first run settle when the other loads of the batch have ended
 *   NO_RUN_NODE             of the loads of a run, only the first is known to wait for it
 *   NO_POLL_CHECK           a load asks again although the holder of the lease waits for it
 *   NO_TOKEN                a value is stored although the lease of its load is gone
 *   SINGLE_SHARES_FAILURE   a single read that has joined a load of a batch rejects with it
 *   SINGLE_TRIES_TWICE      the same, the second time
 *   NO_POLL                 a load whose lease another instance holds does not wait for it
 * Variants:
 *   ONE_SCRIPT         all loads of a batch ask for their leases in one step; else in one step each, in any
 *                      order, as in a Cluster
 *   TWO_PROCESSES      who waits for a load of another instance is not known
 *   MANY_DO_NOT_POLL   a load for which a run of several ids waits does not ask again
 * Claim: ONCE (no id is loaded twice).
 * Reads: FIRST, SECOND, THIRD: their ids (1: a, 2: b, 4: c, or a sum; 0: there is no such read). FIRST_IN and
 * so on: their instances. A_NEEDS and so on: what an id needs. ANY: so many reads of any one or two ids, in
 * any instances. ANY_NEEDS: each sort of needs.
 * Bounds and faults: WRITES (the writer writes b and evicts it), FAULTS (runs of several ids that reject), LATE
 * (loads that are too old to be waited for), ABSENT (ids that the database does not have, so that nothing is
 * stored), DEADLINE (a load may end asking at any moment, and loads without a lease).
 */
#ifndef FIRST
#define FIRST 3
#endif
#ifndef FIRST_IN
#define FIRST_IN 0
#endif
#ifndef SECOND
#define SECOND 6
#endif
#ifndef SECOND_IN
#define SECOND_IN 1
#endif
#ifndef THIRD
#define THIRD 0
#endif
#ifndef THIRD_IN
#define THIRD_IN 0
#endif
#ifndef A_NEEDS
#define A_NEEDS 0
#endif
#ifndef B_NEEDS
#define B_NEEDS 0
#endif
#ifndef C_NEEDS
#define C_NEEDS 0
#endif
#ifndef WRITES
#define WRITES 0
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef LATE
#define LATE 0
#endif
#ifndef ABSENT
#define ABSENT 0
#endif

#define NOTHING 255
#define NOBODY 255
#define IDS 3
#define B 1

/* Three reads from outside; a read for each of their runs, for what its method asks; and the same once more. */
#define OUTER 3
#define MIDDLE 9
#define READS 15
byte needs[IDS];              /* what the method asks for when it loads an id */
byte ids[READS];
byte place[OUTER];            /* in which instance */
#define MADE_IN(read) (read - OUTER)                      /* the run whose method makes this read */
#define MADE_BY(run) (run + OUTER)
/* A read of two ids has two runs at most. */
#define RUN(read, index) (read < OUTER -> read * 2 + index : read + OUTER)
#define RUNS_OF_ALL (READS + OUTER)
#define READ_OF(run) (run < 2 * OUTER -> run / 2 : run - OUTER)
#define INSTANCE(read) place[(read < OUTER -> read : READ_OF((MADE_IN((read < MIDDLE -> read : READ_OF(MADE_IN(read)))))))]
#define INDEX_OF(set) (set == 4 -> 2 : (set == 2 -> 1 : 0))
#define IS_SINGLE(set) (set == 1 || set == 2 || set == 4)
#define LOAD(read, id) ((read) * IDS + (id))

/* What has become of an id of a read. */
#define NOT_ASKED 0
#define LOOKS 1               /* a load: asks for its lease for the first time */
#define POLLS 2               /* asks again */
#define READY 3               /* may load, with a lease or without one */
#define RUNS 4                /* in the first run of its read; 5: in the second */
#define JOINS 6               /* waits for the load of another read */
#define DONE 7
#define FAILED 8
#define IS_LOADING(load) (state[load] >= LOOKS && state[load] < JOINS)
byte state[LOAD(READS, 0)];
byte joined[LOAD(READS, 0)];  /* which load it has joined */
bool alone[LOAD(READS, 0)];   /* this load is not to be joined (any more) */

#define UNDER_WAY 1
#define OVER 2
byte phase[READS];            /* 0: not begun */
byte underWay = 0;            /* how many reads are */
byte value[RUNS_OF_ALL];      /* the version of b that a run has read */

/* The database, and Redis. */
byte database = 0;            /* the version of b that is committed */
byte evicted = 0;             /* the newest version of b that has been evicted */
byte stored[IDS];             /* L2 */
byte lease[IDS];              /* which load may fill L2 */

byte faults = 0, late = 0;
#ifdef ONCE
byte loads[IDS];
#endif

/* Of steps that happen at once. */
byte at = 0, hops = 0, last = 0, other = 0, count = 0;
bool isMet = false;

inline forget() { at = 0; hops = 0; last = 0; other = 0; count = 0; isMet = false }

#ifdef TWO_PROCESSES
#define HOLDER(load) NOBODY
#else
#define HOLDER(load) lease[(load) % IDS]
#endif

/* The method has made a read in this run, and waits for it. */
#define IS_ASKING(run) (run < MIDDLE + OUTER && phase[MADE_BY(run)] == UNDER_WAY)

#ifdef NO_RUN_NODE
#define IS_KNOWN(load) (load % IDS == 0 || (state[load - 1] != state[load] && \
  (load % IDS == 1 || state[load - load % IDS] != state[load])))
#else
#define IS_KNOWN(load) true
#endif

/* Whether `load` waits for the run, or for the other load: `isMet`. `last` is the load where its chain ends. */
inline walk(load, toRun, toLoad) {
  at = load; hops = 0; isMet = false;
  do
  :: at == NOBODY || isMet || hops > READS * 2 -> break
  :: else -> hops++; last = at;
     if
     :: at == toLoad -> isMet = true
     :: at != toLoad && state[at] == POLLS -> at = HOLDER(at)
     :: at != toLoad && (state[at] == RUNS || state[at] == RUNS + 1) && IS_KNOWN(at) ->
        at = RUN((at / IDS), (state[at] - RUNS));
        if
        :: at == toRun -> isMet = true
        :: at != toRun && IS_ASKING(at) -> at = LOAD(MADE_BY(at), INDEX_OF(ids[MADE_BY(at)]));
           if :: state[at] == JOINS -> at = joined[at] :: else fi
        :: else -> at = NOBODY
        fi
     :: else -> at = NOBODY
     fi
  od
}

/* No load waits for a lease while a run of several ids waits for that load. */
inline endPolls() {
#ifdef MANY_DO_NOT_POLL
  for (other : 0 .. 2 * OUTER - 1) {                                            /* others have one id */
    count = 0;
    for (at : 0 .. IDS - 1) { if :: state[LOAD(other / 2, at)] == RUNS + other % 2 -> count++ :: else fi };
    if
    :: count > 1 && IS_ASKING(other) ->
       last = LOAD(MADE_BY(other), INDEX_OF(ids[MADE_BY(other)]));
       if :: state[last] == JOINS -> last = joined[last] :: else fi;
       count = last; walk(count, NOBODY, NOBODY);
       if :: state[last] == POLLS -> state[last] = READY :: else fi
    :: else
    fi }
#else
  skip
#endif
}

/* A read begins with an id: it joins the load that is under way in its instance, or begins one. */
inline begin(id) {
  d_step {
    other = id;
    do
    :: other >= LOAD(READS, 0) -> break
    :: other < LOAD(READS, 0) ->
       if
       :: other / IDS != me && INSTANCE((other / IDS)) == INSTANCE(me) && IS_LOADING(other) && !alone[other] -> break
       :: else -> other = other + IDS
       fi
    od;
    if
    :: other >= LOAD(READS, 0) -> state[LOAD(me, id)] = LOOKS
    :: else ->
       isMet = false;
       if :: me >= OUTER -> walk(other, MADE_IN(me), NOBODY) :: else fi;
       if
       :: isMet -> alone[LOAD(me, id)] = true; state[LOAD(me, id)] = READY     /* loads for itself */
       :: else -> joined[LOAD(me, id)] = other; state[LOAD(me, id)] = JOINS; endPolls()
       fi
    fi;
    forget()
  }
}

/* ACQUIRE */
inline ask(id) {
  d_step {
    if
    :: stored[id] != NOTHING -> state[LOAD(me, id)] = DONE
    :: stored[id] == NOTHING && lease[id] == NOBODY -> lease[id] = LOAD(me, id); state[LOAD(me, id)] = READY
    :: else ->                                                                  /* busy */
#ifdef NO_POLL
       isMet = true;
#elif !defined(NO_POLL_CHECK)
       at = HOLDER(id);
       if :: at != NOBODY -> other = at; walk(other, NOBODY, LOAD(me, id)) :: else fi;
#endif
       state[LOAD(me, id)] = (isMet -> READY : POLLS);
       if :: !isMet -> endPolls() :: else fi
    fi;
    forget()
  }
}

#define HAS(what) (state[LOAD(me, 0)] == (what) || state[LOAD(me, 1)] == (what) || state[LOAD(me, 2)] == (what))
#define IS_SETTLED(load) (state[load] == NOT_ASKED || state[load] >= DONE)
#define IS_OVER(read) (IS_SETTLED(LOAD(read, 0)) && IS_SETTLED(LOAD(read, 1)) && IS_SETTLED(LOAD(read, 2)))
#define MAY_ASK(id) (state[LOAD(me, id)] == LOOKS || \
  (state[LOAD(me, id)] == POLLS && (stored[id] != NOTHING || lease[id] == NOBODY)))

#ifdef WAIT_BEFORE_OWN
#define MAY_RUN (!HAS(POLLS) && !HAS(JOINS))
#else
#define MAY_RUN true
#endif
#if defined(LATE_WAITS_FOR_LEASES)
#define MAY_RUN_LATE !HAS(POLLS)
#elif defined(LATE_WAITS_FOR_JOINS)
#define MAY_RUN_LATE !HAS(JOINS)
#else
#define MAY_RUN_LATE true
#endif
#ifdef RUNS_SETTLE_TOGETHER
#define MAY_SETTLE(index) (index == 1 || !(HAS(LOOKS) || HAS(POLLS) || HAS(READY) || HAS(RUNS + 1)))
#else
#define MAY_SETTLE(index) true
#endif
#ifdef JOIN_WAITS_FOR_BATCH
#define MAY_LEAVE(load) IS_OVER((load / IDS))
#else
#define MAY_LEAVE(load) true
#endif
#ifdef SINGLE_SHARES_FAILURE
#define LOADS_AGAIN false
#elif defined(SINGLE_TRIES_TWICE)
#define LOADS_AGAIN (IS_SINGLE(ids[me]) && !isSecond)
#else
#define LOADS_AGAIN IS_SINGLE(ids[me])
#endif
#ifdef NO_TOKEN
#define MAY_FILL(load, id) !alone[load]
#else
#define MAY_FILL(load, id) (lease[id] == load)
#endif

/* The method is called for all that may load. It asks for an id that one of them needs. */
inline enter() {
  assert(runs < 2);
  d_step {
    for (at : 0 .. IDS - 1) {
      if
      :: state[LOAD(me, at)] == READY ->
         state[LOAD(me, at)] = RUNS + runs;
         if :: needs[at] != 0 -> count = count | needs[at] :: else fi;
#ifdef ONCE
         loads[at]++
#endif
      :: else
      fi };
    value[RUN(me, runs)] = database;
    runs++
  };
  if
  :: count == 0
  :: count & 1 -> ids[MADE_BY(RUN(me, (runs - 1)))] = 1
  :: count & 2 -> ids[MADE_BY(RUN(me, (runs - 1)))] = 2
  :: count & 4 -> ids[MADE_BY(RUN(me, (runs - 1)))] = 4
  fi;
  if :: count != 0 -> phase[MADE_BY(RUN(me, (runs - 1)))] = UNDER_WAY; underWay++ :: else fi;
  forget();
#ifdef ONCE
  assert(loads[0] <= 1 && loads[1] <= 1 && loads[2] <= 1)
#endif
}

/* FILL, for one id; or the lease is given back. */
inline settle(index, id, how) {
  if
  :: state[LOAD(me, id)] == RUNS + index ->
     if
     :: how == DONE && !(ABSENT & (1 << id)) && MAY_FILL(LOAD(me, id), id) ->
        stored[id] = (id == B -> value[RUN(me, index)] : 0); lease[id] = NOBODY
     :: else -> if :: lease[id] == LOAD(me, id) -> lease[id] = NOBODY :: else fi
     fi;
     state[LOAD(me, id)] = how; alone[LOAD(me, id)] = false
  :: else
  fi
}

/* The method has returned, or rejected. */
inline leave(index, how) {
  d_step {
    settle(index, 0, how); settle(index, 1, how); settle(index, 2, how);
    value[RUN(me, index)] = 0
  };
  assert(stored[B] == NOTHING || stored[B] >= evicted)                          /* C5 */
}

#define IS_BACK(index) (HAS(RUNS + index) && MAY_SETTLE(index) && !IS_ASKING(RUN(me, index)))
#define HAS_MANY(index) \
  ((state[LOAD(me, 0)] == RUNS + index) + (state[LOAD(me, 1)] == RUNS + index) + (state[LOAD(me, 2)] == RUNS + index) > 1)

/* The load that was joined has settled, or it is not waited for any longer. */
inline waited(id) {
  if
  :: state[joined[LOAD(me, id)]] == DONE -> state[LOAD(me, id)] = DONE; joined[LOAD(me, id)] = 0
  :: state[joined[LOAD(me, id)]] == FAILED ->
     joined[LOAD(me, id)] = 0;
     if :: LOADS_AGAIN -> isSecond = true; begin(id) :: else -> state[LOAD(me, id)] = FAILED fi
  :: else -> late++; alone[joined[LOAD(me, id)]] = true; joined[LOAD(me, id)] = 0; begin(id)
  fi
}
#define MAY_GO_ON(id) (state[LOAD(me, id)] == JOINS && \
  ((state[joined[LOAD(me, id)]] >= DONE && MAY_LEAVE(joined[LOAD(me, id)])) || \
  (late < LATE && IS_LOADING(joined[LOAD(me, id)]))))

proctype reader(byte me) {
  byte runs = 0;
  bool hasLooked = false, isSecond = false, isRejected = false;
end:
  atomic { phase[me] == UNDER_WAY ->
    if :: ids[me] & 1 -> begin(0) :: else fi;
    if :: ids[me] & 2 -> begin(1) :: else fi;
    if :: ids[me] & 4 -> begin(2) :: else fi };
  do
#ifdef ONE_SCRIPT
  :: atomic { MAY_ASK(0) || MAY_ASK(1) || MAY_ASK(2) ->
       if :: MAY_ASK(0) -> ask(0) :: else fi;
       if :: MAY_ASK(1) -> ask(1) :: else fi;
       if :: MAY_ASK(2) -> ask(2) :: else fi }
#else
  :: atomic { MAY_ASK(0) -> ask(0) }
  :: atomic { MAY_ASK(1) -> ask(1) }
  :: atomic { MAY_ASK(2) -> ask(2) }
#endif
#ifdef DEADLINE
  :: atomic { state[LOAD(me, 0)] == POLLS -> state[LOAD(me, 0)] = READY }
  :: atomic { state[LOAD(me, 1)] == POLLS -> state[LOAD(me, 1)] = READY }
  :: atomic { state[LOAD(me, 2)] == POLLS -> state[LOAD(me, 2)] = READY }
#endif
  :: atomic { !hasLooked && !HAS(LOOKS) && MAY_RUN -> hasLooked = true; if :: HAS(READY) -> enter() :: else fi }
  :: atomic { hasLooked && HAS(READY) && MAY_RUN_LATE -> enter() }
  :: atomic { IS_BACK(0) -> leave(0, DONE) }
  :: atomic { IS_BACK(1) -> leave(1, DONE) }
#if FAULTS > 0
  :: atomic { IS_BACK(0) && HAS_MANY(0) && faults < FAULTS -> faults++; leave(0, FAILED) }
  :: atomic { IS_BACK(1) && HAS_MANY(1) && faults < FAULTS -> faults++; leave(1, FAILED) }
#endif
  :: atomic { MAY_GO_ON(0) -> waited(0) }
  :: atomic { MAY_GO_ON(1) -> waited(1) }
  :: atomic { MAY_GO_ON(2) -> waited(2) }
  :: atomic { IS_OVER(me) ->
       phase[me] = OVER; underWay--;
       isRejected = HAS(FAILED) && IS_SINGLE(ids[me]);
       assert(!isRejected);
       break }
  od
}

proctype writer() {
  byte writes = 0;
  do
  :: writes < WRITES -> writes++;
     database++;                                                                /* committed */
     atomic { stored[B] = NOTHING; lease[B] = NOBODY; evicted = database }      /* EVICT */
  :: else -> break
  od
}

/* Nothing can happen any more. */
proctype watcher() { timeout -> assert(underWay == 0) }

#ifdef ANY
inline choose(read) {
#ifndef ANY_NEEDS
  if :: read > 0 -> select(at : 1 .. 6) :: read == 0 -> at = 1 :: read == 0 -> at = 3
#if WRITES > 0
  :: read == 0 -> at = 2 :: read == 0 -> at = 5
#endif
  fi;                                                                           /* else ids are alike */
#else
  select(at : 1 .. 6);
#endif
  ids[read] = at;
  if :: read > 0 -> place[read] = 1 :: read > 1 -> place[read] = 2 :: true fi
}
#endif

init {
  atomic {
#ifdef ANY
    choose(0); choose(1);
#if ANY > 2
    choose(2);
#endif
#else
    ids[0] = FIRST; place[0] = FIRST_IN;
    ids[1] = SECOND; place[1] = SECOND_IN;
    ids[2] = THIRD; place[2] = THIRD_IN;
#endif
#ifdef ANY_NEEDS
    if :: needs[0] = 4 :: needs[0] = 4; needs[1] = 4 :: needs[0] = 2; needs[1] = 4 :: true fi;
#else
    needs[0] = A_NEEDS; needs[1] = B_NEEDS; needs[2] = C_NEEDS;
#endif
    for (at : 0 .. IDS - 1) { stored[at] = NOTHING; lease[at] = NOBODY };
    for (at : 0 .. OUTER - 1) {
      if
      :: ids[at] != 0 -> phase[at] = UNDER_WAY; underWay++; run reader(at);
         if
         :: needs[0] + needs[1] + needs[2] > 0 ->
            for (other : RUN(at, 0) .. RUN(at, 1)) {
              run reader(MADE_BY(other));
              if
              :: (needs[0] != 0) + (needs[1] != 0) + (needs[2] != 0) > 1 -> run reader(MADE_BY(RUN(MADE_BY(other), 0)))
              :: else
              fi }
         :: else
         fi
      :: else
      fi };
    forget();
    run writer(); run watcher()
  }
}
