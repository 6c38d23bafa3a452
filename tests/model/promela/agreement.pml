/* R1 to R9 of docs/protocol.md for N hosts and one bucket, written from its words: who may answer, and when.
 *
 * Time is a count of periods (P is one tick) and is kept as ages that stop growing where no rule can tell them apart. In one
 * tick each running host takes at least one step, in any order; a frame reaches a host in the instant in which it is sent, or
 * is lost to it. One frame at a time is late: it can arrive at any later instant, at any host, any number of times.
 * README.md says what is left out. Every bound and every guard that can be taken out is a -D option of check.py. */

#ifndef N
#define N 2
#endif
#ifndef TP
#define TP 4 /* T*P: silence after which a member is buried */
#endif
#ifndef L
#define L 3 /* lease */
#endif
#ifndef T1
#define T1 1 /* silence after which a peer holds no lease back */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef PAUSES
#define PAUSES 0
#endif
#ifndef LOSSES
#define LOSSES 0 /* UNBOUNDED: any frame may be lost */
#endif
#define UNBOUNDED 255
#ifndef CUTS
#define CUTS 0 /* how often the links of LINKS, all at once, are cut or mended */
#define LINKS 0 /* a bit for each at(from, to) */
#endif
#ifndef LATE
#define LATE 0 /* recorded frames, one at a time */
#endif
#ifndef MOVES
#define MOVES 0 /* changes of who should own the bucket */
#endif
#ifndef TERMS
#define TERMS 3 /* terms of one boot: 1 to 3 */
#endif
#ifndef EPOCHS
#define EPOCHS 6
#endif
#ifndef EXTRA
#define EXTRA 0 /* further steps of a host in one tick */
#endif
#ifndef LOST_ONE_WAY
#define LOST_ONE_WAY TP /* `serve`: what is lost in a row, in both directions, that is exempt */
#endif
#ifndef LOST_OTHER_WAY
#define LOST_OTHER_WAY T1
#endif
#ifndef PATIENCE
#define PATIENCE 0 /* ticks that evidence delays a beginner; 0: without end */
#endif
#define BOOTSTRAP (2 * TP)
#define MAJORITY_OF_ALL (N / 2 + 1)
#ifdef LEASE_LONG
#define LEASE (TP + 1)
#else
#define LEASE L
#endif
#define NEVER LEASE /* an age that helps nobody any more */
#define FORGOTTEN (TP + 1) /* silence is not counted beyond */

#include "hosts.pml"
#include "lease.pml"
#include "maps.pml"
#include "frames.pml"
#include "world.pml"

init {
    d_step { start(); skip };
end:
    do
    :: atomic { /* A host takes a step; each other one hears it or does not. */
        for_some_host(may_step);
        lose(0);
        lose(1);
#if N > 2
        lose(2);
#endif
#ifdef MAPS_ALONE
        if
        :: missed != 0 -> maps = 1
        :: maps = 0
        fi;
#endif
#if LATE
        if
        :: faulty && late > 0 -> keep = 1
        :: true
        fi;
#endif
        d_step {
            printf("step of %d, lost to the hosts of %d\n", who, missed);
            note_losses(who);
            step(who);
            record();
            for (y : 0 .. N - 1) {
                if
                :: y != f_from && alive(y) && (!(missed & bit_of(y)) || maps) ->
                    outdate(y);
                    yes = 1;
                    receive(y)
                :: else
                fi
            }
            check()
        }
    }
    :: atomic { /* A release is complete: no core uses the bucket any more. */
        for_some_host(may_install);
        d_step { printf("%d has released\n", who); core[who] = 0; own[who] = 0; installing[who] = 0; check() }
    }
#if CRASHES
    :: atomic {
        for_some_host(may_crash);
        d_step { printf("%d crashes\n", who); crashes--; mode[who] = OFF; cold(who); check() }
    }
#endif
#if CRASHES || defined(COLD)
    :: atomic {
        for_some_host(may_start);
        d_step {
            printf("%d starts\n", who);
            life[who] = ((boot_of(life[who]) + 1) << 2) | 1;
            mode[who] = RUNNING; steps[who] = 1;
#if LATE
            l_newer = (l_there && l_from != who -> l_newer | bit_of(who) : l_newer);
#endif
            check()
        }
    }
#endif
#if PAUSES
    :: atomic {
        for_some_host(may_pause);
        d_step { printf("%d pauses\n", who); pauses--; mode[who] = PAUSED; stepped[who] = 0; steps[who] = 0; check() }
    }
    :: atomic {
        for_some_host(may_resume);
        d_step {
            printf("%d goes on\n", who);
            mode[who] = RUNNING; steps[who] = 1;
            if
            :: state[who] == JOIN -> listened[who] = 0
            :: else
            fi;
            check()
        }
    }
#endif
#if LATE
    :: atomic { /* The recorded frame arrives. */
        for_some_host(may_arrive);
        d_step {
            printf("the late frame of %d arrives at %d\n", l_from, who);
            play();
            yes = (l_newer & bit_of(who)) != 0;
            l_newer = l_newer & ~bit_of(who);
            y = who;
            receive(y);
            check()
        }
    }
    :: d_step { !beyond && l_there -> l_there = 0; forget_late(); skip }
#endif
#if MOVES
    :: d_step { !beyond && faulty && moves > 0 -> printf("move\n"); moves--; lowest_first = !lowest_first }
#endif
#if CUTS
    :: d_step { !beyond && faulty && cuts > 0 -> printf("the links are cut or mended\n"); cuts--; cut = !cut }
#endif
#ifdef HEALS
    :: d_step { /* All faults are over. */
        !beyond && calm == 0 && !cut && alive(0) && alive(1) && alive(N - 1) -> calm = 1
    }
    :: d_step {
        !beyond && calm > HEALS -> /* I2 */
        n = 0;
        for (x : 0 .. N - 1) {
            if
            :: accepts(x) -> n++
            :: else
            fi
        }
        assert(n == 1);
        beyond = 1;
        n = 0
    }
#endif
    :: d_step { !beyond && !waits(0) && !waits(1) && !waits(N - 1) -> printf("tick\n"); tick(); check() }
    od
}
