/* R5 to R8: who is dead, who publishes, who follows, who takes the bucket. */

/* R5. */
inline bury_the_silent(h) {
    for (z : 0 .. N - 1) {
        if
        :: z != h && state[h] == MEMBER && heard[at(h, z)] && (is_member[at(h, z)] || in_map(h, z)) &&
           silence[at(h, z)] >= TP && !buried[at(h, z)] -> buried[at(h, z)] = 1
        :: else
        fi
    }
}

#define states_my_epoch(h, p) \
    (in_map(h, p) && !is_gone(h, p) && said[at(h, p)] && its_epoch[at(h, p)] == epoch[h])

inline all_state_epoch(h, result) {
    result = 1;
    for (z : 0 .. N - 1) {
        if
        :: z != h && members[at(h, z)] != 0 && !states_my_epoch(h, z) -> result = 0
        :: else
        fi
    }
}

/* R7: f_epoch, f_members and f_target are in force, if the rule allows it. Sets `yes`. */
inline adopt(h) {
    yes = f_epoch > epoch[h] && f_members[h] == life[h];
#ifndef ADOPT_ANY
    for (z : 0 .. N - 1) {
        if
        :: z == h
        :: else ->
            if
            :: members[at(h, z)] != 0 && f_members[z] != members[at(h, z)] && in_map(h, z) && !is_gone(h, z) -> yes = 0
            :: f_members[z] != 0 && ((f_members[z] == known[at(h, z)] && buried[at(h, z)]) ||
               (f_members[z] < known[at(h, z)] && older_buried[at(h, z)])) -> yes = 0
            :: f_members[z] == 0 && is_member[at(h, z)] && heard_within(h, z, T1) && !is_gone(h, z) && proven(h, z) -> yes = 0
            :: else
            fi
        fi
    }
#endif
    if
    :: yes ->
        epoch[h] = f_epoch; target[h] = f_target;
        if
        :: counter_of(f_epoch) > highest[h] -> highest[h] = counter_of(f_epoch)
        :: else
        fi;
        for (z : 0 .. N - 1) {
            members[at(h, z)] = f_members[z];
            if
            :: z != h && f_members[z] != 0 ->
                if
                :: known[at(h, z)] != f_members[z] ->
                    forget_peer(h, z);
                    forget_candidate(h, z);
                    known[at(h, z)] = f_members[z]; silence[at(h, z)] = 0; is_member[at(h, z)] = 1; heard_age[at(h, z)] = NEVER;
                    if
                    :: boot_of(f_members[z]) > boot_min[at(h, z)] -> boot_min[at(h, z)] = boot_of(f_members[z])
                    :: else
                    fi;
#ifdef SERVE
                    base[at(h, z)] = 0
#endif
                :: else
                fi;
                heard[at(h, z)] = 1
            :: else
            fi
        }
        if
        :: state[h] == JOIN ->
            state[h] = MEMBER;
            lease[h] = LEASE; /* open: renew() computes it */
            renew(h)
        :: else
        fi
    :: else
    fi
}

#ifdef MEMBERS_ALONE
#define is_evidence(member, p, h) (member)
#else
#define is_evidence(member, p, h) (member || p < h)
#endif
#if PATIENCE
#define waits_for_evidence(h) (listened[h] < BOOTSTRAP + PATIENCE)
#else
#define waits_for_evidence(h) true
#endif

/* R6: who begins alone. Sets `yes`. */
inline may_begin(h) {
    base_of_lease(h);
    yes = listened[h] >= BOOTSTRAP && worst < NEVER;
    for (z : 0 .. N - 1) {
        if
        :: z == h
        :: else ->
            if
            :: heard_within(h, z, TP) && proven(h, z) && (is_member[at(h, z)] || z < h) -> yes = 0
#ifndef BOOT_BLIND
            :: heard_within(h, z, TP) && !proven(h, z) && is_evidence(is_member[at(h, z)], z, h) && waits_for_evidence(h) -> yes = 0
            :: candidate[at(h, z)] != 0 && is_evidence(candidate_member[at(h, z)], z, h) &&
               candidate_silence[at(h, z)] <= TP && waits_for_evidence(h) -> yes = 0
#endif
            :: else
            fi
        fi
    }
}

#define may_join(h, p) \
    (said[at(h, p)] && heard_within(h, p, T1) && !is_gone(h, p) && proven(h, p) && !its_unready[at(h, p)] && \
     acked[at(h, p)] && !buried_me[at(h, p)] && \
     (!is_member[at(h, p)] || (state[h] == MEMBER && (its_view[at(h, p)] & bit_of(h)) && !is_foreign(h, p))))

/* `serve` exempts a host that begins and does not hear a living one. */
inline note_deaf_beginner(h) {
#ifdef SERVE
    for (z : 0 .. N - 1) { beyond = beyond || (state[h] == JOIN && z != h && mode[z] != OFF && lost[at(z, h)] >= TP) }
#else
    skip
#endif
}

/* R6: the lowest live member publishes. */
inline coordinate(h) {
    wanted = bit_of(h);
    if
    :: state[h] == JOIN -> may_begin(h)
    :: else ->
        yes = 1;
        for (z : 0 .. N - 1) {
            if
            :: z != h && in_map(h, z) && !is_gone(h, z) ->
                yes = yes && !(z < h && is_member[at(h, z)]);
                wanted = wanted | bit_of(z)
            :: else
            fi
        }
    fi;
    if
    :: yes ->
        for (k : 0 .. N - 1) {
            if
            :: (wanted & bit_of(k)) || k == h
            :: else ->
                believed = may_join(h, k);
                for (z : 0 .. N - 1) {
                    if
                    :: z != h && z != k && (wanted & bit_of(z)) &&
                       (it_hears[at(h, z)] != known[at(h, k)] || it_hears[at(h, k)] != known[at(h, z)]) -> believed = 0
                    :: else
                    fi
                }
                if
                :: believed -> wanted = wanted | bit_of(k)
                :: else
                fi
            fi
        }
        /* Whoever has not spoken yet has offered nothing. */
        met = 0; counter = highest[h];
        for (z : 0 .. N - 1) {
            f_members[z] = 0;
            if
            :: (wanted & bit_of(z)) && z == h -> f_members[z] = life[z]
            :: (wanted & bit_of(z)) && z != h -> f_members[z] = known[at(h, z)]; yes = yes && said[at(h, z)]
            :: else
            fi;
            met = met || f_members[z] != members[at(h, z)] ||
                  (z != h && is_member[at(h, z)] && its_epoch[at(h, z)] > epoch[h] && heard_within(h, z, T1) &&
                   !is_gone(h, z) && proven(h, z) && !is_foreign(h, z));
            if
            :: z != h && counter_of(its_epoch[at(h, z)]) > counter -> counter = counter_of(its_epoch[at(h, z)])
            :: else
            fi
        }
        f_target = 0;
        for (z : 0 .. N - 1) {
            if
            :: (wanted & bit_of(z)) && (!lowest_first || !(wanted & (bit_of(z) - 1))) -> f_target = z
            :: else
            fi
        }
#ifndef SERVE
        size_of(wanted, n);
        yes = yes && n >= MAJORITY_OF_ALL;
#endif
        if
        :: yes && (met || f_target != target[h]) ->
            f_epoch = ((counter + 1) << 4) | (h << 2) | boot_of(life[h]);
            beyond = beyond || counter + 1 > EPOCHS;
            note_deaf_beginner(h);
            adopt(h)
        :: else
        fi
    :: else
    fi
}

#ifdef STALE_RELEASE
#define may_be_forgotten(h, p) is_gone(h, p)
#else
#define may_be_forgotten(h, p) false
#endif

/* R8. A release ends with installed(). */
inline move_bucket(h) {
    if
    :: state[h] != MEMBER || installing[h]
    :: else ->
        all_state_epoch(h, yes);
        if
        :: own[h] && target[h] != h ->
#ifndef ONE_PHASE
            if
            :: yes ->
#endif
                installing[h] = 1;
#ifdef ADVERTISE_EARLY
                own[h] = 0;
#endif
#ifndef ONE_PHASE
            :: else
            fi
#endif
        :: !own[h] && target[h] == h ->
#if defined(ACQUIRE_EARLY) || defined(STALE_RELEASE)
            yes = 1;
#endif
            for (z : 0 .. N - 1) {
                if
                :: z == h
#ifndef ACQUIRE_EARLY
                :: z != h && members[at(h, z)] != 0 && its_own[at(h, z)] && !may_be_forgotten(h, z) -> yes = 0
#endif
#ifndef OUTSIDER_BLIND
                :: z != h && members[at(h, z)] == 0 && heard_within(h, z, T1) && proven(h, z) && its_own[at(h, z)] -> yes = 0
#endif
                :: else
                fi
            }
#ifndef SERVE
            view_of(h, wanted);
            size_of(wanted, n);
            yes = yes && n >= MAJORITY_OF_ALL;
#endif
            if
            :: yes -> own[h] = 1; core[h] = 1
            :: else
            fi
        :: else
        fi
    fi
}
