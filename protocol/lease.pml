/* A model of Firn's lease protocol: how a job that was acknowledged gets exactly one outcome, whatever crashes, is lost,
 * is late or comes twice. model.md explains it, ties each transition to the function that implements it, and says what
 * was verified.
 *
 * Every event is one atomic step. A step of the coordinator prints what happened (@e), what it sends (@o) and the state
 * after it (@j, @w); Tests/FirnCoordinatorTests/SpinTests.swift replays these lines on the coordinator's state machine
 * and compares. A verifier prints nothing.
 */

/* The bounds. The number of faults includes crashes, cuts, stalls, lost and repeated messages and failed commits. */
#ifndef JOBS
#define JOBS 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#ifndef DRAINS
#define DRAINS 1
#endif
/* With SPEND_ALL a run has all of them, as it should when it is to be replayed; otherwise it has that many at most. */

/* lostWorkersToQuarantine */
#define QUARANTINE 2

/* The rules that a mutation leaves out, to see that a property fails without them. See scripts/model. */
#ifdef NO_STORE_FENCE
#define STORE_FENCE(j, a) (true)
#else
#define STORE_FENCE(j, a) (row[j].held && row[j].attempt == a)
#endif
#ifdef NO_FENCE
#define ACCEPTS(p, j, a) (job[j].state == HELD || job[j].state == RUNNING)
#else
#define ACCEPTS(p, j, a) HOLDS(p, j, a)
#endif

/* Job states of the coordinator (Job.State). NONE: it holds no such job open. */
#define NONE 0
#define QUEUED 1
#define LEASING 2
#define HELD 3
#define RUNNING 4
#define ORPHANED 5
#define CONCLUDING 6

/* Operations of the store (JobStoreOperation); BEGINNING is a lease of a job that its worker evaluates at once. */
#define INSERT 1
#define LEASE 2
#define BEGINNING 3
#define BEGIN 4
#define FINISH 5
#define REQUEUE 6
#define LOSE 7
#define CONCLUDE 8

/* Replies of the store (JobStoreReply). */
#define APPLIED 1
#define REPEATED 2
#define REFUSED 3

/* The outcome that the coordinator decides: cancelled or quarantined. Other outcomes are numbers of attempts. */
#define DECIDED 15

/* Worker states of a lease. */
#define NO 0
#define WAITS 1
#define RUNS 2
#define DONE 3

/* Phases of a worker's connection. */
#define GREETING 1
#define READY 2

typedef Row {               /* what is on disk of a job */
    bit exists;
    byte attempt;
    bit held;
    byte worker;
    bit begun;
    byte lost;
    byte outcome            /* 0: none */
};

typedef Job {               /* an open job in the coordinator's memory */
    byte state;
    byte worker;
    byte attempt;
    byte lost;
    bit cancelled;
    bit begun;              /* of an orphaned job */
    bit watched;
    byte inserting
};

typedef Session {           /* a worker's session in the coordinator's memory */
    bit known;
    bit connected;
    bit alive;              /* heard of within four heartbeats */
    bit draining;
    byte instance;
    byte connection;
    byte credit;
    byte leases;
    byte item[2];           /* the jobs, in the order of their evaluation */
    bit sent[2];
    bit begun[2];
    bit stored[2]
};

typedef Process {           /* a worker process with its supervisor */
    bit up;
    bit gone;               /* it has left for good */
    byte phase;
    byte instance;
    byte connection;
    bit draining;
    byte attempt[JOBS];
    byte state[JOBS];
    bit hasPredecessor;
    byte predecessor;
    byte blamed;            /* what the predecessor evaluated: a job + 1, or 0 */
    byte blamedAttempt
};

Row row[JOBS];
Job job[JOBS];
Session session[WORKERS];
Process process[WORKERS];

bit up;                     /* the coordinator runs */
bit draining;
bit fault;                  /* the last commit failed */

chan operations = [12] of { byte, byte, byte, byte, byte };
chan replies = [12] of { byte, byte, byte, byte, byte, byte };

/* Messages in flight. Each slot holds an attempt, or 1; 0 is no message. Slots have no order, except where a comment
 * says otherwise, so that what overtakes on the way is covered. */
byte toResult[WORKERS * JOBS];
byte toRelease[WORKERS * JOBS];
bit toGoodbye[WORKERS];
bit toWelcome[WORKERS];
byte toAssign[WORKERS * JOBS];
byte toCommitted[WORKERS * JOBS];
byte toStale[WORKERS * JOBS];
byte toCancelAttempt[WORKERS * JOBS];
bit toDrain[WORKERS];
bit toSubmit[JOBS];
bit toReceipt[JOBS];
bit toRefusal[JOBS];
bit toCancel[JOBS];

byte client[JOBS];          /* 0: not submitted, 1: submitted, 2: acknowledged */
byte clientNumber;          /* the client's process */

byte faults = FAULTS;
byte cancels = CANCELS;
byte drains = DRAINS;

/* What the properties speak of; no step depends on it. */
bit acknowledged[JOBS];
byte latest[JOBS];          /* the attempt that was leased last, on disk */
byte published[JOBS];       /* how often an outcome was written */
byte told[JOBS];            /* the outcome that a client was told */
byte sentAttempt[JOBS];     /* the attempt that was sent to a worker last */

hidden byte i, k, p, q, r, s, a, n, w, v, kind, number, first;
hidden byte advanced[2];

#define at(p, j) ((p) * JOBS + (j))
/* The place of a job among a session's leases; 2 if it has none. */
#define slot(p, j) ((session[p].leases > 0 && session[p].item[0] == j) -> 0 : ((session[p].leases > 1 && session[p].item[1] == j) -> 1 : 2))
#define isLinked(p) (process[p].up && session[p].known && process[p].connection == session[p].connection)
/* Whether the coordinator takes a message of the process: it knows the connection. */
#define isKnown(p) (up && session[p].known && session[p].connected && process[p].connection == session[p].connection)
#define HOLDS(p, j, a) (slot(p, j) < 2 && job[j].attempt == a)
#define isConcluding(j, a) (job[j].state == CONCLUDING && job[j].attempt == a)
#define isLeased(j) (job[j].state >= LEASING && job[j].state <= ORPHANED)
/* A worker is heard of as long as it is connected, from its hello on. */
#define isHealthy(p) (isLinked(p) && (process[p].phase == READY || toWelcome[p]))
#define holdsLease(p, j) (process[p].state[j] != NO && process[p].attempt[j] == job[j].attempt)

/* --- what a step of the coordinator prints --- */

inline printState() {
    for (n : 0 .. JOBS - 1) {
        printf("@j %d state %d worker %d attempt %d lost %d cancelled %d row %d %d %d %d %d %d outcome %d\n", n,
            job[n].state, (isLeased(n) -> job[n].worker : 0), job[n].attempt, job[n].lost, job[n].cancelled,
            row[n].exists, row[n].attempt, row[n].held, (row[n].held -> row[n].worker : 0), row[n].begun, row[n].lost,
            row[n].outcome)
    }
    for (n : 0 .. WORKERS - 1) {
        printf("@w %d known %d connected %d draining %d instance %d credit %d leases %d: %d %d %d %d, %d %d %d %d\n", n,
            session[n].known, session[n].connected, session[n].draining, session[n].instance, session[n].credit,
            session[n].leases, session[n].item[0], session[n].sent[0], session[n].begun[0], session[n].stored[0],
            session[n].item[1], session[n].sent[1], session[n].begun[1], session[n].stored[1])
    }
    printf("@.\n")
}

/* --- the coordinator's messages --- */

inline sendStale(p_, j_, a_) {
    if
    :: session[p_].known ->
        printf("@o stale %d %d %d\n", p_, j_, a_);
        if :: isLinked(p_) -> toStale[at(p_, j_)] = a_ :: else fi
    :: else
    fi
}

inline sendCommitted(p_, c_, j_, a_) {
    if
    :: session[p_].known && session[p_].connection == c_ ->
        printf("@o committed %d %d %d\n", p_, j_, a_);
        if :: isLinked(p_) -> toCommitted[at(p_, j_)] = a_ :: else fi
    :: else
    fi
}

inline sendCancelAttempt(p_, j_) {
    printf("@o cancel %d %d %d\n", p_, j_, job[j_].attempt);
    if :: isLinked(p_) -> toCancelAttempt[at(p_, j_)] = job[j_].attempt :: else fi
}

/* --- leases of a session --- */

inline clearSlot(p_, s_) {
    session[p_].item[s_] = 0; session[p_].sent[s_] = 0; session[p_].begun[s_] = 0; session[p_].stored[s_] = 0
}

inline copySlot(p_, from_, to_) {
    session[p_].item[to_] = session[p_].item[from_]; session[p_].sent[to_] = session[p_].sent[from_];
    session[p_].begun[to_] = session[p_].begun[from_]; session[p_].stored[to_] = session[p_].stored[from_]
}

inline dropLease(p_, j_) {
    s = slot(p_, j_);
    if
    :: s == 0 -> copySlot(p_, 1, 0); clearSlot(p_, 1); session[p_].leases--
    :: s == 1 -> clearSlot(p_, 1); session[p_].leases--
    :: else
    fi
}

inline swapSlots(p_) {
    s = session[p_].item[0]; session[p_].item[0] = session[p_].item[1]; session[p_].item[1] = s;
    s = session[p_].sent[0]; session[p_].sent[0] = session[p_].sent[1]; session[p_].sent[1] = s;
    s = session[p_].begun[0]; session[p_].begun[0] = session[p_].begun[1]; session[p_].begun[1] = s;
    s = session[p_].stored[0]; session[p_].stored[0] = session[p_].stored[1]; session[p_].stored[1] = s
}

/* The evaluation of the lease in a slot has begun: it goes to the front. */
inline beginSlot(p_, s_) {
    if :: s_ == 1 -> swapSlots(p_) :: else fi;
    if
    :: !session[p_].begun[0] ->
        session[p_].begun[0] = 1;
        job[session[p_].item[0]].state = RUNNING
    :: else
    fi
}

/* A worker says that it evaluates this attempt. */
inline confirmRunning(p_, j_, a_) {
    s = slot(p_, j_);
    if
    :: s < 2 && job[j_].attempt == a_ && session[p_].sent[s] -> number = s; beginSlot(p_, number)
    :: else
    fi
}

inline clearSession(p_) {
    session[p_].known = 0; session[p_].connected = 0; session[p_].alive = 0; session[p_].draining = 0;
    session[p_].instance = 0; session[p_].connection = 0; session[p_].credit = 0; session[p_].leases = 0;
    clearSlot(p_, 0); clearSlot(p_, 1)
}

/* --- how a job goes on --- */

inline concludeJob(j_) {
    job[j_].state = CONCLUDING;
    operations!CONCLUDE, j_, job[j_].attempt, 0, 0
}

inline requeueJob(j_) {
    if
    :: job[j_].cancelled -> concludeJob(j_)
    :: else -> job[j_].state = QUEUED
    fi
}

/* Takes a lease back without blame. */
inline returnLease(j_) {
    if
    :: isLeased(j_) ->
        operations!REQUEUE, j_, job[j_].attempt, 0, 0;
        requeueJob(j_)
    :: else
    fi
}

/* Takes a lease back and counts a lost worker against the job. */
inline loseLease(j_) {
    if
    :: isLeased(j_) ->
        operations!LOSE, j_, job[j_].attempt, 0, 0;
        job[j_].lost++;
        if
        :: job[j_].lost >= QUARANTINE -> concludeJob(j_)
        :: else -> requeueJob(j_)
        fi
    :: else
    fi
}

/* Removes a session that is lost: only what it was evaluating is blamed. */
inline loseWorker(p_) {
    first = (session[p_].begun[0] -> 0 : (session[p_].begun[1] -> 1 : (session[p_].sent[0] -> 0 : (session[p_].sent[1] -> 1 : 2))));
    q = session[p_].leases;
    v = session[p_].item[0]; k = session[p_].item[1];
    clearSession(p_);
    if :: q > 0 && first == 0 -> loseLease(v) :: q > 0 && first != 0 -> returnLease(v) :: else fi;
    if :: q > 1 && first == 1 -> loseLease(k) :: q > 1 && first != 1 -> returnLease(k) :: else fi
}

inline assign(p_, j_, a_) {
    printf("@o assign %d %d %d\n", p_, j_, a_);
    assert(sentAttempt[j_] < a_);                                           /* an attempt is sent once */
    sentAttempt[j_] = a_;
    if :: isLinked(p_) -> toAssign[at(p_, j_)] = a_ :: else fi
}

inline leaseJob(j_, p_) {
    job[j_].state = LEASING;
    job[j_].worker = p_;
    job[j_].attempt++;
    session[p_].credit--;
    kind = (session[p_].leases == 0 -> BEGINNING : LEASE);
    /* A job goes ahead of later ones that have not begun. */
    number = session[p_].leases;
    if
    :: session[p_].leases == 1 && !session[p_].begun[0] && j_ < session[p_].item[0] -> copySlot(p_, 0, 1); number = 0
    :: else
    fi;
    session[p_].item[number] = j_;
    session[p_].sent[number] = 0;
    session[p_].begun[number] = 0;
    session[p_].stored[number] = (kind == BEGINNING);
    session[p_].leases++;
    operations!kind, j_, job[j_].attempt, p_, session[p_].connection;
#ifdef EARLY_ASSIGN
    assign(p_, j_, job[j_].attempt)
#endif
}

/* The end of a turn: the next job of a worker is assumed to have begun, and what is queued is leased to credit. */
inline endTurn() {
    for (p : 0 .. WORKERS - 1) {
        if
        :: advanced[p] && session[p].known && !session[p].begun[0] && !session[p].begun[1] ->
            if
            :: session[p].sent[0] -> beginSlot(p, 0)
            :: !session[p].sent[0] && session[p].sent[1] -> beginSlot(p, 1)
            :: else
            fi
        :: else
        fi;
        advanced[p] = 0
    }
    if
    :: up && !draining ->
        for (i : 0 .. JOBS - 1) {
            for (p : 0 .. WORKERS - 1) {
                if
                :: job[i].state == QUEUED && session[p].credit > 0 && session[p].known && session[p].connected &&
                        session[p].alive && !session[p].draining -> leaseJob(i, p)
                :: else
                fi
            }
        }
    :: else
    fi;
    printState()
}

inline forgetJob(j_) {
    job[j_].state = NONE; job[j_].worker = 0; job[j_].attempt = 0; job[j_].lost = 0; job[j_].cancelled = 0;
    job[j_].begun = 0; job[j_].watched = 0
}

/* The outcome is on disk: watchers are told, and the job leaves the memory. */
inline completeJob(j_) {
    if
    :: job[j_].watched ->
        printf("@o told %d %d\n", j_, row[j_].outcome);
        assert(row[j_].outcome != 0);                                       /* told only what is committed */
        assert(told[j_] == 0 || told[j_] == row[j_].outcome);               /* and never something else */
        told[j_] = row[j_].outcome
    :: else
    fi;
    forgetJob(j_)
}

/* --- the store --- */

inline publish(j_, outcome_) {
    row[j_].outcome = outcome_;
    published[j_]++;
    assert(published[j_] == 1);                                             /* no double publication */
    assert(outcome_ == DECIDED || outcome_ == latest[j_])                   /* fencing */
}

/* Applies the operation in kind, v, a, w, n and sets the reply r. */
inline applyOperation() {
    r = REFUSED;
    if
    :: kind == INSERT ->
        if :: !row[v].exists -> row[v].exists = 1; r = APPLIED :: else -> r = REPEATED fi
    :: kind == LEASE || kind == BEGINNING ->
        if
        :: row[v].exists && row[v].outcome == 0 && a > row[v].attempt ->
            row[v].attempt = a; row[v].held = 1; row[v].worker = w; row[v].begun = (kind == BEGINNING);
            latest[v] = a;
            r = APPLIED
        :: else
        fi
    :: kind == BEGIN ->
        if
        :: row[v].held && row[v].attempt == a && row[v].outcome == 0 -> row[v].begun = 1; r = APPLIED
        :: else
        fi
    :: kind == FINISH ->
        if
        :: row[v].outcome == 0 && STORE_FENCE(v, a) -> publish(v, a); r = APPLIED
        :: else -> if :: row[v].outcome == a -> r = REPEATED :: else fi
        fi
    :: kind == REQUEUE || kind == LOSE ->
        if
        :: row[v].held && row[v].attempt == a && row[v].outcome == 0 ->
            row[v].held = 0;
            if :: kind == LOSE -> row[v].lost++ :: else fi;
            r = APPLIED
        :: else
        fi
    :: kind == CONCLUDE ->
        if
        :: row[v].exists && row[v].outcome == 0 -> publish(v, DECIDED); r = APPLIED
        :: else
        fi
    fi
}

/* Continues what waited for the operation in kind, v, a, w, n with the reply r. */
inline applyReply() {
    if
    :: kind == INSERT ->
        job[v].inserting--;
        if
        :: r == APPLIED -> job[v].state = QUEUED; job[v].attempt = 0
        :: else
        fi;
        /* The request was not given up because of a failed commit, and the client is the same process. */
        if
        :: a == 1 && n == clientNumber ->
            if :: job[v].state != NONE -> job[v].watched = 1 :: else fi;
            printf("@o receipt %d\n", v);
            toReceipt[v] = 1
        :: else
        fi
    :: kind == LEASE || kind == BEGINNING ->
        if
        :: job[v].state == LEASING && job[v].attempt == a && job[v].worker == w && session[w].known &&
                session[w].connection == n ->
            assert(r == APPLIED);
            job[v].state = HELD;
            session[w].sent[slot(w, v)] = 1;
#ifndef EARLY_ASSIGN
            assign(w, v, a);
#endif
            advanced[w] = 1
        :: else
        fi
    :: kind == FINISH ->
        if
        :: r == REFUSED ->
            if :: session[w].known && session[w].connection == n -> sendStale(w, v, a) :: else fi;
            if :: isConcluding(v, a) -> forgetJob(v) :: else fi
        :: else ->
            sendCommitted(w, n, v, a);
            if :: r == APPLIED && job[v].state == CONCLUDING -> completeJob(v) :: else fi
        fi
    :: kind == CONCLUDE ->
        if :: r == APPLIED -> completeJob(v) :: else -> forgetJob(v) fi
    :: else -> skip
    fi
}

/* --- time: the coordinator's sweep --- */

/* Every sweep also records evaluations that have lasted. */
inline storeBegins() {
    for (p : 0 .. WORKERS - 1) {
        for (i : 0 .. 1) {
            if
            :: session[p].leases > i && session[p].sent[i] && session[p].begun[i] && !session[p].stored[i] ->
                session[p].stored[i] = 1;
                operations!BEGIN, session[p].item[i], job[session[p].item[i]].attempt, 0, 0
            :: else
            fi
        }
        if
        :: session[p].known && !(session[p].connected && session[p].alive) && session[p].leases == 0 -> clearSession(p)
        :: else
        fi
    }
}

inline expireLease(p_, j_, isBlamed_, isTold_) {
    number = job[j_].attempt;
    dropLease(p_, j_);
    advanced[p_] = 1;
    if :: isTold_ -> sendStale(p_, j_, number) :: else fi;
    if :: isBlamed_ -> loseLease(j_) :: else -> returnLease(j_) fi
}

/* Nothing was heard of the worker for a lease: everything that was sent to it is taken back. */
inline expireSession(p_) {
    session[p_].alive = 0;
    first = (session[p_].begun[0] -> 0 : (session[p_].begun[1] -> 1 : (session[p_].sent[0] -> 0 : (session[p_].sent[1] -> 1 : 2))));
    q = session[p_].leases;
    v = session[p_].item[0]; k = session[p_].item[1];
    r = session[p_].sent[0] + 2 * session[p_].sent[1];
    /* Without a lease that is still being committed the session ends, and no message is sent. */
    a = (q > session[p_].sent[0] + session[p_].sent[1]);
    if :: q > 0 && (r & 1) -> expireLease(p_, v, first == 0, a) :: else fi;
    if :: q > 1 && (r & 2) -> expireLease(p_, k, first == 1, a) :: else fi;
    if :: session[p_].leases == 0 -> clearSession(p_) :: else fi
}

/* --- connections --- */

inline clearMessages(p_) {
    toGoodbye[p_] = 0; toWelcome[p_] = 0; toDrain[p_] = 0;
    for (i : 0 .. JOBS - 1) {
        toResult[at(p_, i)] = 0; toRelease[at(p_, i)] = 0; toAssign[at(p_, i)] = 0; toCommitted[at(p_, i)] = 0;
        toStale[at(p_, i)] = 0; toCancelAttempt[at(p_, i)] = 0
    }
}

/* Whatever was in flight is gone. That it arrives before the cut is another run, since nothing else depends on when the
 * cut happens. */
inline cutWorker(p_) {
    clearMessages(p_);
    if :: process[p_].up -> process[p_].phase = GREETING; process[p_].connection++ :: else fi
}

inline clearClientMessages() {
    for (i : 0 .. JOBS - 1) { toSubmit[i] = 0; toReceipt[i] = 0; toRefusal[i] = 0; toCancel[i] = 0 }
}

/* A worker's message came on a connection that the coordinator does not know: the worker has to say hello. */
inline requireHello(p_) {
    printf("@o hello %d\n", p_);
    if :: process[p_].phase == READY -> process[p_].phase = GREETING; toWelcome[p_] = 0 :: else fi
}

/* Puts a lease that the worker names back into its session. */
inline restoreLease(p_, j_) {
    job[j_].state = HELD;
    job[j_].worker = p_;
    s = session[p_].leases;
    session[p_].item[s] = j_; session[p_].sent[s] = 1; session[p_].begun[s] = 0; session[p_].stored[s] = 0;
    session[p_].leases++;
    if :: process[p_].state[j_] != WAITS -> confirmRunning(p_, j_, job[j_].attempt) :: else fi;
    if :: job[j_].cancelled -> sendCancelAttempt(p_, j_) :: else fi
}

inline endLease(p_, j_) {
    if
    :: process[p_].blamed == j_ + 1 && process[p_].blamedAttempt == job[j_].attempt -> loseLease(j_)
    :: else -> returnLease(j_)
    fi
}

/* The hello of a process with another instance ends the session that has its name. */
inline replaceSession(p_) {
    if
    :: process[p_].hasPredecessor && process[p_].predecessor == session[p_].instance ->
        q = session[p_].leases;
        v = session[p_].item[0]; k = session[p_].item[1];
        clearSession(p_);
        if :: q > 0 -> endLease(p_, v) :: else fi;
        if :: q > 1 -> endLease(p_, k) :: else fi
    :: else -> loseWorker(p_)
    fi
}

inline reconcile(p_, j_, wasSent_) {
    if
    :: wasSent_ && holdsLease(p_, j_) -> a = a | (1 << j_); restoreLease(p_, j_)
    :: else -> returnLease(j_)
    fi
}

/* Compares the leases that the worker names with those that it should hold. */
inline acceptHello(p_) {
    q = 0;
    v = session[p_].item[0]; k = session[p_].item[1];
    r = session[p_].sent[0] + 2 * session[p_].sent[1];
    if
    :: session[p_].known && session[p_].instance == process[p_].instance -> q = session[p_].leases; clearSession(p_)
    :: session[p_].known && session[p_].instance != process[p_].instance -> replaceSession(p_); q = 0
    :: else
    fi;
    session[p_].known = 1; session[p_].connected = 1; session[p_].alive = 1;
    session[p_].instance = process[p_].instance; session[p_].connection = process[p_].connection;
    a = 0;                  /* the kept jobs */
    if :: q > 0 -> reconcile(p_, v, (r & 1)) :: else fi;
    if :: q > 1 -> reconcile(p_, k, (r & 2)) :: else fi;
    for (w : 0 .. JOBS - 1) {
        if
        :: job[w].state == ORPHANED && job[w].worker == p_ ->
            if
            :: holdsLease(p_, w) -> a = a | (1 << w); restoreLease(p_, w)
            :: else -> endLease(p_, w)
            fi
        :: else
        fi
    }
    for (w : 0 .. JOBS - 1) {
        if
        :: process[p_].state[w] != NO && !(a & (1 << w)) && !isConcluding(w, process[p_].attempt[w]) ->
            sendStale(p_, w, process[p_].attempt[w])
        :: else
        fi
    }
    toWelcome[p_] = 1
}

/* What a heartbeat changes; one that changes nothing is no step. */
#define isNews(p, j) (process[p].state[j] != NO && ((!HOLDS(p, j, process[p].attempt[j]) && !isConcluding(j, process[p].attempt[j]) && toStale[at(p, j)] != process[p].attempt[j] && toRelease[at(p, j)] == 0) || (HOLDS(p, j, process[p].attempt[j]) && process[p].state[j] == RUNS && !(session[p].begun[0] && session[p].item[0] == j)) || (HOLDS(p, j, process[p].attempt[j]) && process[p].state[j] == WAITS && session[p].begun[slot(p, j)])))

inline renew(p_) {
    v = JOBS;               /* the job that is named as running first */
    for (i : 0 .. JOBS - 1) {
        if :: process[p_].state[i] == RUNS -> v = i :: else fi
    }
    for (i : 0 .. JOBS - 1) {
        if :: v == JOBS && process[p_].state[i] == DONE -> v = i :: else fi
    }
    for (i : 0 .. JOBS - 1) {
        if
        :: process[p_].state[i] != NO && slot(p_, i) < 2 && job[i].attempt == process[p_].attempt[i] ->
            if
            :: process[p_].state[i] == WAITS && session[p_].begun[slot(p_, i)] ->
                session[p_].begun[slot(p_, i)] = 0;
                job[i].state = HELD
            :: else
            fi
        :: process[p_].state[i] != NO && !(slot(p_, i) < 2 && job[i].attempt == process[p_].attempt[i]) &&
                !isConcluding(i, process[p_].attempt[i]) -> sendStale(p_, i, process[p_].attempt[i])
        :: else
        fi
    }
    if :: v < JOBS -> confirmRunning(p_, v, process[p_].attempt[v]) :: else fi
}

/* --- the coordinator's other events --- */

/* The client has a new connection. A client that crashed forgets what was acknowledged, and submits everything again. */
inline cutClient(forgets_) {
    clearClientMessages();
    clientNumber++;
    for (i : 0 .. JOBS - 1) {
        if :: client[i] == 1 || forgets_ -> client[i] = 0 :: else fi;
        job[i].watched = 0
    }
    skip
}

inline stopCoordinator() {
    up = 0; draining = 0; fault = 0;
    for (i : 0 .. JOBS - 1) { forgetJob(i); job[i].inserting = 0 }
    for (p : 0 .. WORKERS - 1) { clearSession(p); cutWorker(p) }
    do :: operations?_, _, _, _, _ :: empty(operations) -> break od;
    do :: replies?_, _, _, _, _, _ :: empty(replies) -> break od;
    cutClient(false)
}

/* Reads the jobs without an outcome from the store. */
inline recover() {
    up = 1;
    for (i : 0 .. JOBS - 1) {
        if
        :: row[i].exists && row[i].outcome == 0 ->
            job[i].attempt = row[i].attempt;
            job[i].lost = row[i].lost;
            if
            :: row[i].held ->
                job[i].state = ORPHANED; job[i].worker = row[i].worker; job[i].begun = row[i].begun
            :: else -> job[i].state = QUEUED
            fi
        :: else
        fi
    }
}

#define isLasting(p, s) (session[p].leases > s && session[p].sent[s] && session[p].begun[s] && !session[p].stored[s])
#define isBusy(j) (isLeased(j) || job[j].state == CONCLUDING || job[j].inserting > 0)
#define last_ (JOBS - 1)

active proctype Coordinator() {
end:
    do
    :: d_step { !up -> printf("@e start\n"); recover(); endTurn() }
    /* All operations of a turn are one transaction. */
    :: d_step { up && nempty(operations) && empty(replies) ->
        printf("@e commit\n");
        do
        :: operations?kind, v, a, w, n -> number = n; applyOperation(); replies!kind, v, a, w, number, r
        :: empty(operations) -> break
        od;
        printState() }
    :: d_step { up && nempty(replies) ->
        printf("@e stored\n");
        fault = 0;
        do
        :: replies?kind, v, a, w, n, r -> applyReply()
        :: empty(replies) -> break
        od;
        endTurn() }
    :: d_step { up && (isLasting(0, 0) || isLasting(0, 1) || isLasting(WORKERS - 1, 0) || isLasting(WORKERS - 1, 1)) ->
        printf("@e sweep\n"); storeBegins(); endTurn() }
    /* The workers of the coordinator before this one did not come back in time. */
    :: d_step { up && (job[0].state == ORPHANED || job[last_].state == ORPHANED) ->
        printf("@e orphans\n");
        storeBegins();
        for (w : 0 .. JOBS - 1) {
            if
            :: job[w].state == ORPHANED && job[w].begun -> loseLease(w)
            :: job[w].state == ORPHANED && !job[w].begun -> returnLease(w)
            :: else
            fi
        }
        endTurn() }
    /* A coordinator that drains ends when no worker holds a job. It is started again. */
    :: d_step { up && draining && !isBusy(0) && !isBusy(last_) && empty(operations) && empty(replies) ->
        printf("@e stop\n"); stopCoordinator() }
    od
}

/* What happens to one job between its client and the coordinator. */
proctype Client(byte j) {
end:
    do
    :: d_step { client[j] == 0 && (j == 0 || client[0] > 0) && up && !draining && !fault ->
        toSubmit[j] = 1; client[j] = 1 }
    :: d_step { toReceipt[j] ->
        toReceipt[j] = 0; client[j] = 2; acknowledged[j] = 1;
        assert(row[j].exists) }                                             /* acknowledged is on disk */
    :: d_step { toRefusal[j] -> toRefusal[j] = 0; if :: client[j] == 1 -> client[j] = 0 :: else fi }
    /* The coordinator's side. A client's messages arrive in order, so the jobs have their numbers in order. */
    :: d_step { up && toSubmit[j] && (j == 0 || row[0].exists || job[0].inserting > 0) ->
        toSubmit[j] = 0;
        printf("@e submit %d %d\n", j, clientNumber);
        if
        :: draining || fault -> printf("@o refusal %d\n", j); toRefusal[j] = 1
        :: else ->
            job[j].inserting++;
            operations!INSERT, j, 1, 0, clientNumber;
#ifdef EARLY_RECEIPT
            toReceipt[j] = 1
#endif
        fi;
        endTurn() }
    :: d_step { up && toCancel[j] && row[j].exists ->
        toCancel[j] = 0;
        printf("@e cancel %d %d\n", j, clientNumber);
        if
        :: job[j].state == LEASING ->
            /* The assignment was not sent, so the worker never hears of the job and its credit is restored. */
            session[job[j].worker].credit++;
            dropLease(job[j].worker, j);
            advanced[job[j].worker] = 1;
            concludeJob(j)
        :: job[j].state == QUEUED || job[j].state == ORPHANED -> concludeJob(j)
        :: (job[j].state == HELD || job[j].state == RUNNING) && !job[j].cancelled ->
            job[j].cancelled = 1;
            sendCancelAttempt(job[j].worker, j)
        :: else
        fi;
        endTurn() }
    od
}

/* What the worker names in a hello or heartbeat. */
inline printLeases(p_) {
    for (n : 0 .. JOBS - 1) {
        printf("@l %d %d %d\n", n, process[p_].state[n], process[p_].attempt[n])
    }
}

/* What happens between one worker process, its supervisor and the coordinator. */
proctype Worker(byte x) {
end:
    do
    :: d_step { !process[x].up && !process[x].gone ->
        process[x].up = 1; process[x].instance++; process[x].connection++; process[x].phase = GREETING }
    :: d_step { process[x].up && toWelcome[x] ->
        toWelcome[x] = 0; process[x].phase = READY;
        for (i : 0 .. JOBS - 1) {
            if :: process[x].state[i] == DONE -> toResult[at(x, i)] = process[x].attempt[i] :: else fi
        }
        skip }
    :: d_step { process[x].up && toDrain[x] ->
        toDrain[x] = 0; process[x].draining = 1;
        for (i : 0 .. JOBS - 1) {
            if
            :: process[x].state[i] == WAITS ->
                if :: process[x].phase == READY -> toRelease[at(x, i)] = process[x].attempt[i] :: else fi;
                process[x].state[i] = NO; process[x].attempt[i] = 0
            :: else
            fi
        }
        skip }
    :: d_step { process[x].up && process[x].draining && process[x].state[0] == NO && process[x].state[last_] == NO ->
        if :: process[x].phase == READY -> toGoodbye[x] = 1 :: else fi;
        process[x].up = 0; process[x].gone = 1; process[x].phase = 0 }
    /* The coordinator's side. */
    :: d_step { up && process[x].up && process[x].phase == GREETING && !toWelcome[x] && (!session[x].known ||
            session[x].instance == process[x].instance ||
            (process[x].hasPredecessor && process[x].predecessor == session[x].instance) ||
            !(session[x].connected && session[x].alive)) ->
        printf("@e hello %d %d %d predecessor %d %d %d %d\n", x, process[x].instance, process[x].connection,
            process[x].hasPredecessor, process[x].predecessor, process[x].blamed, process[x].blamedAttempt);
        printLeases(x);
        acceptHello(x);
        endTurn() }
    :: d_step { up && process[x].up && process[x].phase == READY && (!isKnown(x) || !session[x].alive ||
            ((process[x].state[0] == RUNS || process[x].state[last_] == RUNS ||
                    (process[x].state[0] != WAITS && process[x].state[last_] != WAITS)) &&
                (isNews(x, 0) || isNews(x, last_)))) ->
        printf("@e beat %d %d\n", x, process[x].connection);
        printLeases(x);
        if
        :: !isKnown(x) -> requireHello(x)
        :: else -> session[x].alive = 1; renew(x)
        fi;
        endTurn() }
    :: d_step { up && toGoodbye[x] ->
        toGoodbye[x] = 0;
        printf("@e goodbye %d %d\n", x, process[x].connection);
        if
        :: !isKnown(x) -> requireHello(x)
        :: else ->
            q = session[x].leases; v = session[x].item[0]; k = session[x].item[1];
            clearSession(x);
            if :: q > 0 -> returnLease(v) :: else fi;
            if :: q > 1 -> returnLease(k) :: else fi
        fi;
        endTurn() }
    /* A message to the worker found no connection. */
    :: d_step { up && session[x].known && session[x].connected && !isLinked(x) ->
        printf("@e unreachable %d %d\n", x, session[x].connection);
        session[x].connected = 0; session[x].credit = 0;
        q = session[x].leases; v = session[x].item[0]; k = session[x].item[1];
        r = session[x].sent[0] + 2 * session[x].sent[1];
        if :: q > 0 && !(r & 1) -> dropLease(x, v); returnLease(v) :: else fi;
        if :: q > 1 && !(r & 2) -> dropLease(x, k); returnLease(k) :: else fi;
        if :: session[x].leases == 0 -> clearSession(x) :: else fi;
        endTurn() }
    :: d_step { up && session[x].known && !isHealthy(x) &&
            (session[x].alive || session[x].sent[0] || session[x].sent[1] || session[x].leases == 0) ->
        printf("@e silence %d\n", x); expireSession(x); storeBegins(); endTurn() }
    /* Credit that came when nothing was queued waits in the coordinator; here it comes when there is a job. It may have
     * been given before the connection was lost. */
    :: d_step { up && !draining && session[x].known && session[x].connected && session[x].alive && !session[x].draining &&
            session[x].leases < 2 && session[x].credit == 0 &&
            (job[0].state == QUEUED || job[last_].state == QUEUED) &&
            (!isLinked(x) || (process[x].phase == READY && !process[x].draining)) ->
        printf("@e credit %d %d\n", x, session[x].connection); session[x].credit++; endTurn() }
    od
}

inline giveResult(p_, j_) {
    process[p_].state[j_] = DONE;
    if :: process[p_].phase == READY -> toResult[at(p_, j_)] = process[p_].attempt[j_] :: else fi
}

inline dropResult(p_, j_) { process[p_].state[j_] = NO; process[p_].attempt[j_] = 0 }

inline receiveResult(p_, j_, a_) {
    if
    :: job[j_].state == NONE -> operations!FINISH, j_, a_, p_, session[p_].connection
    :: job[j_].state != NONE && ACCEPTS(p_, j_, a_) ->
        dropLease(job[j_].worker, j_);
        advanced[job[j_].worker] = 1;
        job[j_].state = CONCLUDING;
        operations!FINISH, j_, a_, p_, session[p_].connection
    :: job[j_].state != NONE && !ACCEPTS(p_, j_, a_) ->
        if
        :: isConcluding(j_, a_) -> operations!FINISH, j_, a_, p_, session[p_].connection
        :: else -> sendStale(p_, j_, a_)
        fi
    fi
}

/* What happens to one job at one worker. */
proctype Lease(byte x; byte j) {
end:
    do
    /* What was sent before an assignment is read before it. */
    :: d_step { process[x].up && toAssign[at(x, j)] && !toStale[at(x, j)] ->
        a = toAssign[at(x, j)]; toAssign[at(x, j)] = 0;
        if
        :: process[x].state[j] != NO && process[x].attempt[j] == a -> skip
        :: else ->
            if
            :: process[x].draining -> toRelease[at(x, j)] = a
            :: else -> process[x].state[j] = WAITS; process[x].attempt[j] = a
            fi
        fi }
    :: d_step { process[x].up && process[x].state[j] == WAITS && process[x].state[0] != RUNS &&
            process[x].state[last_] != RUNS -> process[x].state[j] = RUNS }
    :: d_step { process[x].up && process[x].state[j] == RUNS -> giveResult(x, j) }
    :: d_step { process[x].up && toCommitted[at(x, j)] ->
        if
        :: process[x].state[j] == DONE && process[x].attempt[j] == toCommitted[at(x, j)] -> dropResult(x, j)
        :: else
        fi;
        toCommitted[at(x, j)] = 0 }
    :: d_step { process[x].up && toStale[at(x, j)] ->
        if :: process[x].attempt[j] == toStale[at(x, j)] -> dropResult(x, j) :: else fi;
        toStale[at(x, j)] = 0 }
    :: d_step { process[x].up && toCancelAttempt[at(x, j)] && !toAssign[at(x, j)] ->
        if
        :: process[x].attempt[j] == toCancelAttempt[at(x, j)] &&
                (process[x].state[j] == WAITS || process[x].state[j] == RUNS) -> giveResult(x, j)
        :: else
        fi;
        toCancelAttempt[at(x, j)] = 0 }
    /* The coordinator's side. */
    :: d_step { up && toResult[at(x, j)] ->
        a = toResult[at(x, j)]; toResult[at(x, j)] = 0;
        printf("@e result %d %d %d %d\n", x, process[x].connection, j, a);
        printLeases(x);
        if
        :: !isKnown(x) -> requireHello(x)
        :: else ->
            session[x].alive = 1;
            receiveResult(x, j, a);
            if :: process[x].state[0] == RUNS -> confirmRunning(x, 0, process[x].attempt[0]) :: else fi;
            if
            :: last_ > 0 && process[x].state[last_] == RUNS -> confirmRunning(x, last_, process[x].attempt[last_])
            :: else
            fi
        fi;
        endTurn() }
    :: d_step { up && toRelease[at(x, j)] ->
        a = toRelease[at(x, j)]; toRelease[at(x, j)] = 0;
        printf("@e release %d %d %d %d\n", x, process[x].connection, j, a);
        if
        :: !isKnown(x) -> requireHello(x)
        :: else ->
            session[x].alive = 1; session[x].credit = 0;
            if
            :: HOLDS(x, j, a) -> dropLease(x, j); advanced[x] = 1; returnLease(j)
            :: else -> if :: !isConcluding(j, a) -> sendStale(x, j, a) :: else fi
            fi
        fi;
        endTurn() }
    /* The worker has named the lease in no heartbeat, because the assignment never reached it. */
    :: d_step { up && slot(x, j) < 2 && session[x].sent[slot(x, j)] && isHealthy(x) && session[x].connected &&
            session[x].alive && !holdsLease(x, j) && toAssign[at(x, j)] == 0 && toResult[at(x, j)] == 0 &&
            toRelease[at(x, j)] == 0 && !toGoodbye[x] ->
        printf("@e expire %d %d\n", x, j);
        expireLease(x, j, true, true);
        storeBegins();
        endTurn() }
    /* The worker has not stopped a cancelled job in time. */
    :: d_step { up && slot(x, j) < 2 && session[x].sent[slot(x, j)] && job[j].cancelled ->
        printf("@e grace %d %d\n", x, j);
        number = job[j].attempt;
        dropLease(x, j);
        advanced[x] = 1;
        concludeJob(j);
        storeBegins();
        sendStale(x, j, number);
        endTurn() }
    od
}

/* --- faults, and what users may do --- */

/* Runs to be replayed have faults when there is something to lose. */
#ifdef SPEND_ALL
#define isRipe (job[0].state > QUEUED || job[last_].state > QUEUED)
#else
#define isRipe (true)
#endif

inline killWorker(p_) {
    clearMessages(p_);
    process[p_].up = 0; process[p_].phase = 0;
    for (i : 0 .. JOBS - 1) { process[p_].state[i] = NO; process[p_].attempt[i] = 0 }
    skip
}

proctype WorkerFaults(byte x) {
end:
    do
    /* A process is killed, alone or with its supervisor. */
    :: d_step { faults > 0 && isRipe && process[x].up ->
        faults--; process[x].hasPredecessor = 1; process[x].predecessor = process[x].instance;
        process[x].blamed = 0; process[x].blamedAttempt = 0;
        for (i : 0 .. JOBS - 1) {
            if
            :: process[x].state[i] == RUNS ->
                process[x].blamed = i + 1; process[x].blamedAttempt = process[x].attempt[i]
            :: else
            fi
        }
        killWorker(x) }
    :: d_step { faults > 0 && isRipe && process[x].up ->
        faults--; process[x].hasPredecessor = 0; process[x].predecessor = 0; process[x].blamed = 0;
        process[x].blamedAttempt = 0;
        killWorker(x) }
    /* The connection is cut, and with it everything in flight is lost. */
    :: d_step { faults > 0 && isRipe && process[x].up && isLinked(x) -> faults--; cutWorker(x) }
    /* The process, or the network, stands still for longer than a lease. */
    :: d_step { faults > 0 && up && isHealthy(x) && session[x].connected ->
        faults--; printf("@e silence %d\n", x); expireSession(x); storeBegins(); endTurn() }
    :: d_step { drains > 0 && isRipe && x > 0 && up && session[x].known && session[x].connected && !session[x].draining ->
        drains--;
        printf("@e drainWorker %d\n", x);
        session[x].draining = 1; session[x].credit = 0;
        printf("@o drain %d\n", x);
        if :: isLinked(x) -> toDrain[x] = 1 :: else fi;
        endTurn() }
    od
}

proctype JobFaults(byte j) {
end:
    do
    :: d_step { cancels > 0 && client[j] == 2 && !toCancel[j] && up -> cancels--; toCancel[j] = 1 }
    /* Messages come twice. */
    :: d_step { faults > 0 && client[j] > 0 && !toSubmit[j] && up && !draining && !fault -> faults--; toSubmit[j] = 1 }
    :: d_step { faults > 0 && process[0].up && process[0].phase == READY && process[0].state[j] == DONE &&
            !toResult[at(0, j)] -> faults--; toResult[at(0, j)] = process[0].attempt[j] }
    :: d_step { faults > 0 && isHealthy(0) && slot(0, j) < 2 && session[0].sent[slot(0, j)] && !toAssign[at(0, j)] ->
        faults--; toAssign[at(0, j)] = job[j].attempt }
    od
}

active proctype Faults() {
end:
    do
    :: d_step { faults > 0 && isRipe && up -> faults--; printf("@e crash\n"); stopCoordinator() }
    :: d_step { faults > 0 && isRipe -> faults--; printf("@e client %d\n", clientNumber + 1); cutClient(true); printState() }
    /* A commit fails, and is tried again. Those who wait for it are told. */
    :: d_step { faults > 0 && up && nempty(operations) && empty(replies) ->
        faults--;
        printf("@e fail\n");
        fault = 1;
        for (i : 1 .. len(operations)) {
            operations?kind, v, a, w, n;
            if
            :: kind == INSERT && a == 1 ->
                if :: n == clientNumber -> printf("@o refusal %d\n", v); toRefusal[v] = 1 :: else fi;
                operations!kind, v, 0, w, n
            :: else -> operations!kind, v, a, w, n
            fi
        }
        endTurn() }
    :: d_step { drains > 0 && isRipe && up && !draining -> drains--; printf("@e drain\n"); draining = 1; endTurn() }
    /* From now on everything works. */
#ifndef SPEND_ALL
    :: d_step { faults > 0 || drains > 0 || cancels > 0 -> faults = 0; drains = 0; cancels = 0 }
#endif
    od
}

/* When nothing can happen any more, every job was acknowledged and has its outcome, and nobody holds anything of it.
 * Together with the absence of cycles this is progress: whatever happened before, every run ends here. */
active proctype End() {
    bit ended;
end:
    d_step { timeout ->
        for (i : 0 .. JOBS - 1) {
            assert(client[i] == 2 && row[i].outcome != 0 && job[i].state == NONE);
            for (p : 0 .. WORKERS - 1) { assert(process[p].state[i] == NO) }
        }
        skip }
#ifndef SPEND_ALL
progress:
    do :: ended = !ended od
#endif
}

init {
    atomic {
        run Client(0); run Worker(0); run Lease(0, 0); run WorkerFaults(0); run JobFaults(0);
#if JOBS > 1
        run Client(1); run Lease(0, 1); run JobFaults(1);
#endif
#if WORKERS > 1
        run Worker(1); run Lease(1, 0); run WorkerFaults(1);
#if JOBS > 1
        run Lease(1, 1)
#endif
#endif
    }
}
