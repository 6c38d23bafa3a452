/* R1 and R4: what a host says, whom it believes, and what it learns from a frame. */

inline make_frame(h) {
    base_of_lease(h);
    f_from = h; f_life = life[h]; f_state = state[h]; f_epoch = epoch[h]; f_own = own[h]; f_target = target[h];
    f_has_map = state[h] == MEMBER && coordinator_of(epoch[h]) == h && (epoch[h] & 3) == boot_of(life[h]);
    f_listened = listened[h] > TP; f_unready = state[h] == JOIN && worst >= NEVER; f_late = 0;
    view_of(h, f_view);
    for (z : 0 .. N - 1) {
        f_members[z] = members[at(h, z)];
        f_known[z] = 0; f_candidate[z] = 0; f_age[z] = NEVER; f_buried[z] = 0; f_silent[z] = 0; f_shown[z] = 0;
        if
        :: z != h ->
            if
            :: heard[at(h, z)] -> f_known[z] = known[at(h, z)]
            :: else
            fi;
            f_candidate[z] = candidate[at(h, z)];
            f_age[z] = heard_age[at(h, z)]; f_buried[z] = buried[at(h, z)]; f_silent[z] = silence[at(h, z)] >= TP;
            f_shown[z] = shown[at(z, h)]
        :: else
        fi
    }
}

/* From now on p must show that it hears h. */
inline doubt(h, p) {
    shown[at(h, p)] = 0; f_shown[h] = 0;
#if LATE
    if
    :: l_from == p -> l_shown[h] = 0
    :: else
    fi;
    if
    :: l_from == h -> l_after = l_after & ~bit_of(p)
    :: else
    fi
#endif
}

inline note_heard(h, p) {
#if LATE
    shown[at(p, h)] = !f_late || (l_after & bit_of(h))
#else
    shown[at(p, h)] = 1
#endif
}

#if defined(NO_ECHO)
#define is_proof(h, p) true
#elif defined(WEAK_ECHO)
#define is_proof(h, p) ack
#else
#define is_proof(h, p) (ack && f_shown[h])
#endif
#ifdef NO_SILENCE
#define predecessor_is_gone(h, p) true
#else
#define predecessor_is_gone(h, p) (known[at(h, p)] == 0 || buried[at(h, p)] || silence[at(h, p)] >= TP)
#endif

/* R1: whether the frame in f_* is the newest word of a living host. Sets `believed`. */
inline believe(h, p) {
    believed = 0;
    /* What it says to have heard of this host: `ack` counts, `n` is its age. */
    n = NEVER; ack = 0;
    if
    :: (f_known[h] == life[h] || f_candidate[h] == life[h]) -> n = f_age[h]; ack = !f_buried[h] || f_candidate[h] == life[h]
    :: else
    fi;
    if
#ifndef ANY_BOOT
    :: boot_of(f_life) < boot_min[at(h, p)] && f_life >= known[at(h, p)]
    :: f_life < known[at(h, p)]
#else
    :: f_life < known[at(h, p)] && boot_of(f_life) == boot_of(known[at(h, p)])
#endif
    :: f_life == known[at(h, p)] -> believed = !f_late || yes
    :: f_life > known[at(h, p)] && known[at(h, p)] != 0 && boot_of(f_life) == boot_of(known[at(h, p)]) ->
        believed = 1;
        older_buried[at(h, p)] = 1;
        k = unproven[at(h, p)];
        if
        :: silence[at(h, p)] >= TP && !k ->
            k = 1;
            doubt(h, p)
        :: else
        fi;
        forget_peer(h, p);
        known[at(h, p)] = f_life;
        unproven[at(h, p)] = k;
#ifdef SERVE
        base[at(h, p)] = 0;
#endif
        silence[at(h, p)] = 0
    :: else ->
        boot_min[at(h, p)] = boot_of(f_life);
        if
        :: candidate[at(h, p)] != f_life ->
            candidate[at(h, p)] = f_life; candidate_age[at(h, p)] = 0; candidate_silence[at(h, p)] = 0;
            candidate_member[at(h, p)] = f_state; heard_age[at(h, p)] = 0;
            doubt(h, p);
            note_heard(h, p)
        :: else ->
            if
            :: !f_late || yes ->
                candidate_silence[at(h, p)] = 0; candidate_member[at(h, p)] = f_state; heard_age[at(h, p)] = 0;
                note_heard(h, p)
            :: else
            fi
        fi;
        believed = is_proof(h, p) && predecessor_is_gone(h, p);
        if
        :: believed ->
            if
            :: known[at(h, p)] != 0 -> older_buried[at(h, p)] = 1
            :: else
            fi;
            forget_peer(h, p);
            known[at(h, p)] = f_life; silence[at(h, p)] = 0;
#ifdef SERVE
            base[at(h, p)] = candidate_age[at(h, p)];
#endif
            forget_candidate(h, p)
        :: else
        fi
    fi
}

/* What a life acknowledges first takes the place of the time when it was first seen. */
#ifdef BASE_FROM_BELIEF
#define is_first_word(h, p) false
#else
#define is_first_word(h, p) !acked[at(h, p)]
#endif

inline hear(h, p) {
    heard[at(h, p)] = 1;
    if
    :: silence[at(h, p)] >= TP && !unproven[at(h, p)] ->
        unproven[at(h, p)] = 1;
        doubt(h, p)
    :: f_shown[h] && (f_known[h] == life[h] || f_candidate[h] == life[h]) -> unproven[at(h, p)] = 0
    :: else
    fi;
    note_heard(h, p);
    silence[at(h, p)] = 0;
    if
    :: !f_late -> heard_age[at(h, p)] = 0
    :: else -> heard_age[at(h, p)] = NEVER
    fi;
    said[at(h, p)] = 1; is_member[at(h, p)] = f_state; its_epoch[at(h, p)] = f_epoch; its_own[at(h, p)] = f_own;
    its_view[at(h, p)] = f_view; its_listened[at(h, p)] = f_listened; its_unready[at(h, p)] = f_unready;
    buried_me[at(h, p)] = f_known[h] == life[h] && f_buried[h];
#if N > 2
    z = 3 - h - p;
    it_hears[at(h, p)] = (f_buried[z] || f_silent[z] -> 0 : f_known[z]);
#endif
#ifdef ACK_BURIED
    ack = ack || f_known[h] == life[h];
#endif
    if
    :: ack && (n < base[at(h, p)] || is_first_word(h, p)) -> base[at(h, p)] = n; acked[at(h, p)] = 1
    :: ack -> acked[at(h, p)] = 1
    :: else
    fi;
    if
    :: counter_of(f_epoch) > highest[h] -> highest[h] = counter_of(f_epoch)
    :: else
    fi
}

/* The heartbeat is lost, and the map before it is not. Only heartbeats count as hearing a host. */
#ifdef MAPS_ALONE
#define is_map_alone(h) (missed & bit_of(h))
#else
#define is_map_alone(h) false
#endif

/* Requires: h runs; `yes`: the frame is newer than all that h has of that life. */
inline receive(h) {
#ifndef RESURRECT
    if
    :: state[h] == MEMBER && lease[h] == 0 -> new_term(h)
    :: else
    fi;
#endif
    if
    :: is_map_alone(h) -> believed = known[at(h, f_from)] == f_life
    :: else ->
        believe(h, f_from);
        if
        :: believed -> hear(h, f_from)
        :: else
        fi
    fi;
    if
    :: believed ->
        if
        :: buried_me[at(h, f_from)] && state[h] == JOIN -> new_term(h)
#ifndef NO_FROZEN
        :: buried_me[at(h, f_from)] && state[h] == MEMBER && in_map(h, f_from) && !buried[at(h, f_from)] -> new_term(h)
#endif
        :: else
        fi;
        if
        :: f_has_map -> adopt(h)
        :: else
        fi;
        renew(h);
        meet(h)
    :: else
    fi
}

/* A turn of h's control loop: its timers, its decisions, its frame. */
inline step(h) {
    renew(h);
    bury_the_silent(h);
    renew(h);
    meet(h);
    coordinate(h);
    move_bucket(h);
    if
    :: beat[h] > 0 -> beat_before[h] = beat[h]; beat[h] = 0
    :: else
    fi;
    renew(h); /* the loop turns five times in a period */
    stepped[h] = 1; steps[h]--;
    make_frame(h)
}
