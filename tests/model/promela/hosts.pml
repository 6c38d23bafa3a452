/* What a host is and what it knows of the others; the frame that is read. */

#define OFF 0
#define RUNNING 1
#define PAUSED 2
#define JOIN 0
#define MEMBER 1
#define NOBODY N

#define at(x, y) ((x) * N + (y))
#define boot_of(life) ((life) >> 2)
#define counter_of(epoch) ((epoch) >> 4)
#define coordinator_of(epoch) (((epoch) >> 2) & 3)
#define bit_of(x) (1 << (x))

/* A host. A life is boot * 4 + term; an epoch is counter * 16 + coordinator * 4 + its boot. */
byte mode[N];
byte life[N];
byte state[N];
byte epoch[N];
byte members[N * N]; /* of the map in force: the life of each, or 0 */
byte target[N];
byte highest[N];     /* counter of an epoch */
bool own[N];         /* stated */
bool core[N];        /* the cores may use it */
bool installing[N];
byte lease[N];       /* ticks left; 0: fenced */
byte listened[N];
byte beat[N];        /* age of the newest beat */
byte beat_before[N]; /* and of the one before it (n = 1) */
byte steps[N];       /* left in this tick */
bool stepped[N];

/* What x knows of y, at(x, y). */
byte known[N * N];   /* the believed life; 0: none */
byte boot_min[N * N]; /* the living boot of y is not below */
byte silence[N * N]; /* in listening time */
bool heard[N * N];
bool said[N * N];    /* what follows is its own word */
bool is_member[N * N];
byte its_epoch[N * N];
bool its_own[N * N];
byte its_view[N * N];
bool its_listened[N * N];
bool its_unready[N * N];
byte it_hears[N * N]; /* the life of the third host that it hears */
bool buried_me[N * N];
bool buried[N * N];
bool older_buried[N * N];
byte base[N * N];    /* age of what it acknowledged; `serve`: or of first sight, the newer one */
bool acked[N * N];
bool unproven[N * N];
bool shown[N * N];   /* what y has of x was sent after x began to doubt y: a candidate, or heard again */
byte heard_age[N * N]; /* age of its newest frame that x has, of the newest boot that x has seen */
byte candidate[N * N];
byte candidate_age[N * N];
byte candidate_silence[N * N];
bool candidate_member[N * N];
#ifdef SERVE
byte lost[N * N];    /* frames of x that y missed in a row, one a tick */
#endif

/* Budgets, and the end of what is looked at. */
byte crashes = CRASHES, pauses = PAUSES, losses = LOSSES, late = LATE, moves = MOVES, cuts = CUTS;
bool cut;
bool lowest_first; /* the bucket should be the lowest member's, else the highest member's */
bool beyond;       /* a bound, or an exempt fault: this run ends */
#ifdef HEALS
byte calm;         /* 1 + ticks since the last fault */
#endif

/* A breadth-first search, which finds the shortest counterexample, cannot hide variables: it wipes them. */
#ifdef SHORTEST
#define scratch
#else
#define scratch hidden
#endif

/* The frame that is read. */
scratch byte f_from, f_life, f_state, f_epoch, f_view, f_target;
scratch byte f_own, f_has_map, f_listened, f_unready, f_late;
scratch byte f_members[N], f_known[N], f_candidate[N], f_age[N];
scratch byte f_buried[N], f_silent[N], f_shown[N];
#if LATE
byte l_from, l_life, l_state, l_epoch, l_view, l_target, l_newer, l_after;
bool l_own, l_has_map, l_listened, l_unready, l_there;
byte l_members[N], l_known[N], l_candidate[N], l_age[N];
bool l_buried[N], l_silent[N], l_shown[N];
#endif

scratch byte x, y, z, k, n, low, worst, counter, wanted;
scratch byte yes, met, dropped, believed, ack;
byte who, missed, maps; /* of the action under way; 0 between actions */
bool keep;

#define alive(x) (mode[x] == RUNNING)
#ifdef NO_FENCE
#define accepts(x) (mode[x] != OFF && core[x])
#else
#define accepts(x) (mode[x] != OFF && core[x] && lease[x] > 0)
#endif
#ifdef TRUST_UNPROVEN
#define proven(x, y) true
#else
#define proven(x, y) (!unproven[at(x, y)])
#endif
#define heard_within(x, y, t) (heard[at(x, y)] && silence[at(x, y)] <= (t))
#define in_map(x, y) (members[at(x, y)] != 0 && members[at(x, y)] == known[at(x, y)])
#define is_gone(x, y) buried[at(x, y)]

/* Members of the map in force without those whose later life is believed. */
inline view_of(h, result) {
    result = 0;
    for (z : 0 .. N - 1) {
        if
        :: members[at(h, z)] != 0 && (z == h || known[at(h, z)] == members[at(h, z)]) -> result = result | bit_of(z)
        :: else
        fi
    }
}

inline lowest_of(set, result) {
    result = 0;
    do
    :: result < N && !((set) & bit_of(result)) -> result++
    :: else -> break
    od
}

inline size_of(set, result) {
    result = 0;
    for (z : 0 .. N - 1) { result = result + (((set) >> z) & 1) }
}

inline forget_peer(h, p) {
    known[at(h, p)] = 0; silence[at(h, p)] = FORGOTTEN; heard[at(h, p)] = 0; said[at(h, p)] = 0; is_member[at(h, p)] = 0;
    its_epoch[at(h, p)] = 0; its_own[at(h, p)] = 0; its_view[at(h, p)] = 0; its_listened[at(h, p)] = 0;
    its_unready[at(h, p)] = 0; it_hears[at(h, p)] = 0; buried_me[at(h, p)] = 0; buried[at(h, p)] = 0;
    base[at(h, p)] = NEVER; acked[at(h, p)] = 0; unproven[at(h, p)] = 0;
}

inline forget_candidate(h, p) {
    candidate[at(h, p)] = 0; candidate_age[at(h, p)] = 0; candidate_silence[at(h, p)] = 0; candidate_member[at(h, p)] = 0
}

/* A new term: the cores are fenced, the map is empty, nobody is buried, nobody has acknowledged it. */
inline new_term(h) {
#ifdef NOBODY_STOPS
    assert(beyond || state[h] == JOIN); /* I8 */
#endif
    if
    :: (life[h] & 3) >= TERMS -> beyond = 1
    :: else -> life[h]++
    fi;
    state[h] = JOIN; epoch[h] = 0; target[h] = NOBODY; own[h] = 0; core[h] = 0; installing[h] = 0; lease[h] = 0;
    listened[h] = 0; beat[h] = 0; beat_before[h] = 0;
    for (z : 0 .. N - 1) {
        members[at(h, z)] = 0;
        if
        :: z != h ->
            acked[at(h, z)] = 0; heard[at(h, z)] = 0; buried_me[at(h, z)] = 0; it_hears[at(h, z)] = 0;
            buried[at(h, z)] = 0; older_buried[at(h, z)] = 0;
#ifndef SERVE
            base[at(h, z)] = NEVER
#endif
        :: else
        fi
    }
}
