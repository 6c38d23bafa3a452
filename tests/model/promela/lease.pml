/* R2, R3 and R9: how long cores may answer, and who gives way. */

/* A member of the map in force holds the lease back until it is buried, proven or not. */
#ifdef UNPROVEN_MEMBERS
#define holds_back(h, p) proven(h, p)
#else
#define holds_back(h, p) (proven(h, p) || (in_map(h, p) && !is_gone(h, p)))
#endif

/* R3: `worst` is the age of the lease's base. */
inline base_of_lease(h) {
#ifdef LEASE_FROM_SEND
    worst = beat[h];
#else
#ifdef SERVE
    worst = 0; met = 0; dropped = 0;
    for (z : 0 .. N - 1) {
        if
        :: z == h || known[at(h, z)] == 0
        :: else ->
            if
            :: silence[at(h, z)] <= T1 && holds_back(h, z) ->
                if
                :: base[at(h, z)] > worst -> worst = base[at(h, z)]
                :: else
                fi;
                met = met || in_map(h, z)
            :: else -> dropped = dropped || (in_map(h, z) && !is_gone(h, z))
            fi
        fi
    }
#ifndef NO_CAP
    if
    :: (!met || dropped) && beat_before[h] > worst -> worst = beat_before[h]
    :: else
    fi;
#endif
#else
    /* The newest age such that a majority, this host included, acknowledged that or something newer. */
    worst = 0;
    do
    :: true ->
        n = 1;
#ifdef COUNT_STRANGERS
        n++; /* one stands beside this host, hears it and no other, and is of another configuration */
#endif
        for (z : 0 .. N - 1) {
            if
            :: z != h && acked[at(h, z)] && base[at(h, z)] <= worst && (its_listened[at(h, z)] || is_member[at(h, z)]) -> n++
            :: else
            fi
        }
        if
        :: n >= MAJORITY_OF_ALL || worst >= NEVER -> break
        :: else -> worst++
        fi
    od;
#endif
#endif
}

/* R2 and R3: assigned, not maximised; what has lapsed is never renewed. */
inline renew(h) {
    if
    :: state[h] != MEMBER
#ifndef RESURRECT
    :: state[h] == MEMBER && lease[h] == 0 -> new_term(h)
#endif
    :: else ->
        base_of_lease(h);
        lease[h] = LEASE - worst;
#ifndef RESURRECT
        if
        :: lease[h] == 0 -> new_term(h)
        :: else
        fi
#endif
    fi
}

/* R9: a member of another lineage. */
#define is_foreign(h, p) \
    (state[h] == MEMBER && said[at(h, p)] && is_member[at(h, p)] && heard_within(h, p, T1) && proven(h, p) && \
     (buried_me[at(h, p)] || buried[at(h, p)] || \
      (!(its_view[at(h, p)] & bit_of(h)) && !in_map(h, p))))

inline meet(h) {
#ifdef NO_MEETING
    skip
#else
    for (k : 0 .. N - 1) {
        if
        :: k != h && is_foreign(h, k) && its_view[at(h, k)] != 0 ->
            view_of(h, counter);
            lowest_of(counter, low);
            lowest_of(its_view[at(h, k)], n);
            if
            :: low > n || (low == n && h > k) -> new_term(h)
            :: else
            fi
        :: else
        fi
    }
#endif
}
