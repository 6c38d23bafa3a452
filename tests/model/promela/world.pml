/* Time, faults, and what must hold. No rule of the agreement is here. */

inline cold(h) {
    state[h] = JOIN; epoch[h] = 0; target[h] = NOBODY; own[h] = 0; core[h] = 0; installing[h] = 0; lease[h] = 0;
    listened[h] = 0; highest[h] = 0; beat[h] = 0; beat_before[h] = 0; stepped[h] = 0; steps[h] = 0;
    for (k : 0 .. N - 1) {
        members[at(h, k)] = 0;
        if
        :: k != h ->
            shown[at(h, k)] = 0; shown[at(k, h)] = 0; forget_peer(h, k); forget_candidate(h, k); heard_age[at(h, k)] = NEVER; older_buried[at(h, k)] = 0;
        :: else
        fi
    }
}

inline older(age) {
    if
    :: age < NEVER -> age++
    :: else
    fi
}

inline tick() {
    for (x : 0 .. N - 1) {
        stepped[x] = 0;
        steps[x] = (mode[x] == RUNNING -> 1 + EXTRA : 0);
        if
        :: mode[x] == OFF
        :: else ->
            if
            :: lease[x] > 0 -> lease[x]--
            :: else
            fi;
            if
            :: alive(x) && state[x] == JOIN && listened[x] < BOOTSTRAP + PATIENCE -> listened[x]++
            :: state[x] == MEMBER -> listened[x] = 0
            :: else
            fi;
#ifdef SERVE
            older(beat[x]); older(beat_before[x]);
#else
            beat[x] = 1; beat_before[x] = 1;
#endif
            for (y : 0 .. N - 1) {
                if
                :: x == y
                :: else ->
                    older(heard_age[at(x, y)]);
                    older(base[at(x, y)]);
                    if
                    :: known[at(x, y)] != 0 && alive(x) && silence[at(x, y)] < FORGOTTEN -> silence[at(x, y)]++
                    :: else
                    fi;
                    if
                    :: candidate[at(x, y)] != 0 ->
                        older(candidate_age[at(x, y)]);
                        if
                        :: alive(x) && candidate_silence[at(x, y)] < FORGOTTEN -> candidate_silence[at(x, y)]++
                        :: else
                        fi
                    :: else
                    fi
                fi
            }
        fi
    }
#if LATE
    for (x : 0 .. N - 1) {
        if
        :: l_there -> older(l_age[x])
        :: else
        fi
    }
#endif
#ifdef HEALS
    if
    :: calm != 0 && calm <= HEALS -> calm++
    :: else
    fi
#endif
}

#ifdef HEALS
#define faulty (calm == 0)
#else
#define faulty true
#endif

/* Everybody is a member of the first epoch, everybody has heard everybody, and the highest host owns. */
inline start() {
    for (x : 0 .. N - 1) {
        life[x] = 1;
        cold(x);
#ifndef COLD
        life[x] = 5; mode[x] = RUNNING; state[x] = MEMBER; epoch[x] = 17; target[x] = N - 1; highest[x] = 1; lease[x] = LEASE; steps[x] = 1;
        own[x] = x == N - 1; core[x] = own[x];
        for (y : 0 .. N - 1) {
            members[at(x, y)] = 5;
            if
            :: x != y ->
                boot_min[at(x, y)] = 1; known[at(x, y)] = 5; silence[at(x, y)] = 0; heard[at(x, y)] = 1; said[at(x, y)] = 1; is_member[at(x, y)] = 1;
                its_epoch[at(x, y)] = 17; its_own[at(x, y)] = y == N - 1; its_view[at(x, y)] = bit_of(N) - 1;
                base[at(x, y)] = 0; acked[at(x, y)] = 1; heard_age[at(x, y)] = 0;
#if N > 2
                it_hears[at(x, y)] = 5;
#endif
            :: else
            fi
        }
#endif
    }
}

/* What a replayed counterexample shows; the search executes no printf. */
inline tell() {
    for (x : 0 .. N - 1) {
        printf("    host %d: mode %d life %d.%d state %d epoch %d.%d of %d own %d core %d lease %d\n", x, mode[x],
               boot_of(life[x]), life[x] & 3, state[x], counter_of(epoch[x]), coordinator_of(epoch[x]), target[x], own[x], core[x], lease[x]);
        for (y : 0 .. N - 1) {
            if
            :: x != y && (known[at(x, y)] != 0 || candidate[at(x, y)] != 0) ->
                printf("        of %d: life %d.%d silence %d heard %d base %d buried %d by it %d unproven %d shown %d candidate %d.%d age %d\n", y,
                       boot_of(known[at(x, y)]), known[at(x, y)] & 3, silence[at(x, y)], heard[at(x, y)], base[at(x, y)],
                       buried[at(x, y)], buried_me[at(x, y)], unproven[at(x, y)], shown[at(x, y)], boot_of(candidate[at(x, y)]),
                       candidate[at(x, y)] & 3, candidate_age[at(x, y)])
            :: else
            fi
        }
    }
}

/* I1. */
inline check() {
#ifdef TELL
    tell();
#endif
    n = 0;
    for (x : 0 .. N - 1) {
        if
        :: accepts(x) -> n++
        :: else
        fi
    }
    assert(beyond || n <= 1); /* I1 */
    who = 0; missed = 0; maps = 0; keep = 0;
#ifdef SHORTEST
    f_from = 0; f_life = 0; f_state = 0; f_epoch = 0; f_view = 0; f_target = 0; f_own = 0; f_has_map = 0; f_listened = 0;
    f_unready = 0; f_late = 0; k = 0; low = 0; worst = 0; counter = 0; wanted = 0; yes = 0; met = 0; dropped = 0;
    believed = 0; ack = 0;
    for (z : 0 .. N - 1) {
        f_members[z] = 0; f_known[z] = 0; f_candidate[z] = 0; f_age[z] = 0; f_buried[z] = 0; f_silent[z] = 0; f_shown[z] = 0
    }
    n = 0; x = 0; y = 0; z = 0;
#endif
    skip
}

#if LATE
inline forget_late() {
    l_from = 0; l_life = 0; l_state = 0; l_epoch = 0; l_view = 0; l_own = 0; l_target = 0; l_has_map = 0; l_listened = 0;
    l_unready = 0; l_newer = 0; l_after = 0;
    for (z : 0 .. N - 1) {
        l_members[z] = 0; l_known[z] = 0; l_candidate[z] = 0; l_age[z] = 0; l_buried[z] = 0; l_silent[z] = 0; l_shown[z] = 0
    }
}
#endif

#define is_cut(from, to) (cut && ((LINKS >> at(from, to)) & 1))

/* Whether the frame of `who` is lost to h. */
inline lose(h) {
    if
    :: faulty && losses > 0 && who != h && alive(h) && !is_cut(who, h) ->
        missed = missed | bit_of(h);
        if
        :: losses != UNBOUNDED -> losses--
        :: else
        fi
    :: who != h && is_cut(who, h) -> missed = missed | bit_of(h)
    :: !is_cut(who, h) -> skip
    fi
}

inline note_losses(h) {
#ifdef SERVE
    for (x : 0 .. N - 1) {
        if
        :: x == h || !alive(x)
        :: else ->
            if
            :: !(missed & bit_of(x)) -> lost[at(h, x)] = 0
            :: (missed & bit_of(x)) && !stepped[h] && lost[at(h, x)] < TP -> lost[at(h, x)]++
            :: else
            fi;
            beyond = beyond || (lost[at(h, x)] >= LOST_ONE_WAY && lost[at(x, h)] >= LOST_OTHER_WAY) ||
                     (lost[at(x, h)] >= LOST_ONE_WAY && lost[at(h, x)] >= LOST_OTHER_WAY)
        fi
    }
#else
    skip
#endif
}

inline record() {
#if LATE
    if
    :: keep ->
        printf("it is recorded\n");
        late--;
        l_there = 1; l_from = f_from; l_life = f_life; l_state = f_state; l_epoch = f_epoch; l_view = f_view; l_own = f_own;
        l_target = f_target; l_has_map = f_has_map; l_listened = f_listened; l_unready = f_unready;
        l_newer = (bit_of(N) - 1) & ~bit_of(f_from); l_after = l_newer;
        for (z : 0 .. N - 1) {
            l_members[z] = f_members[z]; l_known[z] = f_known[z]; l_candidate[z] = f_candidate[z]; l_age[z] = f_age[z];
            l_buried[z] = f_buried[z]; l_silent[z] = f_silent[z]; l_shown[z] = f_shown[z]
        }
    :: else
    fi
#else
    skip
#endif
}

inline play() {
#if LATE
    f_from = l_from; f_life = l_life; f_state = l_state; f_epoch = l_epoch; f_view = l_view; f_own = l_own;
    f_target = l_target; f_has_map = l_has_map; f_listened = l_listened; f_unready = l_unready; f_late = 1;
    for (z : 0 .. N - 1) {
        f_members[z] = l_members[z]; f_known[z] = l_known[z]; f_candidate[z] = l_candidate[z]; f_age[z] = l_age[z];
        f_buried[z] = l_buried[z]; f_silent[z] = l_silent[z]; f_shown[z] = l_shown[z]
    }
#else
    skip
#endif
}

/* The frame that is kept is not newer than what h has heard. */
inline outdate(h) {
#if LATE
    if
    :: l_there && l_from == f_from && l_life <= f_life -> l_newer = l_newer & ~bit_of(h)
    :: else
    fi
#else
    skip
#endif
}

#define for_some_host(what) \
    if \
    :: what(0) -> who = 0 \
    :: what(1) -> who = 1 \
    :: N > 2 && what(N - 1) -> who = N - 1 \
    fi

#define may_step(h) (!beyond && alive(h) && steps[h] > 0)
#define may_install(h) (!beyond && alive(h) && installing[h])
#define may_crash(h) (!beyond && faulty && crashes > 0 && mode[h] != OFF)
#define may_start(h) (!beyond && faulty && mode[h] == OFF && boot_of(life[h]) < 3)
#define may_pause(h) (!beyond && faulty && pauses > 0 && alive(h))
#define may_resume(h) (!beyond && faulty && mode[h] == PAUSED)
#if LATE
#define may_arrive(h) (!beyond && faulty && l_there && alive(h) && ((l_newer & bit_of(h)) || l_life < known[at(h, l_from)]) && l_from != h)
#endif
#define waits(h) (alive(h) && (!stepped[h] || installing[h]))
