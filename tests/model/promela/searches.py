"""The searches: which promise, under which faults, with which guard taken out, and what is expected of each.

Options are -D words of agreement.pml. A guard that matters must give a counterexample; one that nothing notices must not.
"""

import collections

Search = collections.namedtuple("Search", "name options expected")
HOLDS, BREAKS = "holds", "breaks"
# Bounds on epochs and terms, which keep a search small.
SMALL = "EPOCHS=4 TERMS=2"
TWO, THREE = f"N=2 {SMALL}", f"N=3 {SMALL}"
ANY_LOSSES = "LOSSES=255"
# A heartbeat is lost, and the map before it is not. Of the silence that buries one frame less may be lost: the first one was heard.
MAPS_ALONE = f"TP=5 L=4 T1=2 LOST_ONE_WAY=4 {TWO} {ANY_LOSSES} MAPS_ALONE"
# Links of three hosts, a bit for each from * 3 + to.
BETWEEN_0_AND_2, AROUND_2, FROM_0_TO_2, FROM_2_TO_0 = "LINKS=68", "LINKS=228", "LINKS=4", "LINKS=64"
FROM_1_TO_0 = "LINKS=4"  # of two hosts

PROMISES = [
    Search("serve, 2 hosts: any losses", f"SERVE {TWO} {ANY_LOSSES}", HOLDS),
    Search("serve, 2 hosts: any losses, moves", f"SERVE {TWO} {ANY_LOSSES} MOVES=2", HOLDS),
    Search("serve, 2 hosts: losses, two steps a tick", f"SERVE {TWO} LOSSES=6 EXTRA=1", HOLDS),
    Search("serve, 2 hosts: losses, a crash", f"SERVE {TWO} LOSSES=3 CRASHES=1", HOLDS),
    Search("serve, 2 hosts: any losses, a pause", f"SERVE {TWO} {ANY_LOSSES} PAUSES=1 LOST_ONE_WAY=2", HOLDS),
    Search("serve, 2 hosts: losses, a late frame", f"SERVE {TWO} LOSSES=3 LATE=1", HOLDS),
    Search("serve, 2 hosts: a crash, a replay", f"SERVE {TWO} CRASHES=1 LATE=1", HOLDS),
    Search("serve, 2 hosts: a cut one way, a crash", f"SERVE {TWO} CUTS=2 {FROM_1_TO_0} CRASHES=1", HOLDS),
    Search("serve, 2 hosts: losses, maps that arrive alone", f"SERVE {MAPS_ALONE}", HOLDS),
    Search("serve, 2 hosts: heals from a cold start with losses", "SERVE N=2 COLD LOSSES=1 HEALS=30", HOLDS),
    Search("serve, 3 hosts: losses", f"SERVE {THREE} LOSSES=3", HOLDS),
    Search("serve, 3 hosts: a cut one way, a loss", f"SERVE {THREE} LOSSES=1 CUTS=2 {FROM_0_TO_2}", HOLDS),
    Search("serve, 3 hosts: a cut the other way, a loss", f"SERVE {THREE} LOSSES=1 CUTS=2 {FROM_2_TO_0}", HOLDS),
    Search("majority, 2 hosts: any losses, moves", f"{TWO} {ANY_LOSSES} MOVES=2", HOLDS),
    Search("majority, 2 hosts: any losses, a crash", f"{TWO} {ANY_LOSSES} CRASHES=1", HOLDS),
    Search("majority, 2 hosts: any losses, a pause", f"{TWO} {ANY_LOSSES} PAUSES=1", HOLDS),
    Search("majority, 2 hosts: any losses, a late frame", f"{TWO} {ANY_LOSSES} LATE=1", HOLDS),
    Search("majority, 3 hosts: losses, a move", f"{THREE} LOSSES=3 MOVES=1", HOLDS),
    Search("majority, 3 hosts: host 2 cut off, a loss", f"{THREE} LOSSES=1 CUTS=2 {AROUND_2}", HOLDS),
    Search("majority, 3 hosts: 0 and 2 cut, losses", f"{THREE} LOSSES=2 CUTS=1 {BETWEEN_0_AND_2}", HOLDS),
    Search("majority, 3 hosts: heals from a cold start", "N=3 COLD HEALS=24", HOLDS),
]

# The guard that is missing, and faults under which it is missed.
GUARDS = [
    Search("LEASE_LONG: the lease is longer than T*P", f"SERVE {TWO} LOSSES=6 LEASE_LONG", BREAKS),
    Search("LEASE_FROM_SEND: no acknowledgement is needed", f"SERVE {TWO} LOSSES=6 LEASE_FROM_SEND", BREAKS),
    Search("NO_FENCE: cores serve past their lease", f"SERVE {TWO} LOSSES=4 PAUSES=1 NO_FENCE", BREAKS),
    Search("NO_CAP: dropping a silent peer renews from now", f"SERVE {TWO} LOSSES=6 PAUSES=1 NO_CAP", BREAKS),
    Search("BASE_FROM_BELIEF: the lease runs from a belief", f"SERVE {MAPS_ALONE} BASE_FROM_BELIEF", BREAKS),
    Search("RESURRECT: a lapsed lease is renewed", f"SERVE {TWO} LOSSES=4 PAUSES=1 RESURRECT", BREAKS),
    Search("ADVERTISE_EARLY: stated before the grace period", f"SERVE {TWO} MOVES=1 EXTRA=1 ADVERTISE_EARLY", BREAKS),
    Search("ACQUIRE_EARLY: not all state the epoch", f"SERVE {TWO} MOVES=1 ACQUIRE_EARLY", BREAKS),
    Search("STALE_RELEASE: a release of another epoch", "SERVE N=3 EPOCHS=5 TERMS=2 MOVES=2 LOSSES=2 STALE_RELEASE", BREAKS),
    Search("ADOPT_ANY: maps that lack a living member", f"{THREE} LOSSES=3 CUTS=1 {BETWEEN_0_AND_2} ADOPT_ANY", BREAKS),
    Search("COUNT_STRANGERS: they count for the majority", f"{THREE} CUTS=1 {AROUND_2} COUNT_STRANGERS", BREAKS),
    Search("BOOT_BLIND: no evidence delays a beginner", f"SERVE {TWO} LOSSES=4 CRASHES=1 BOOT_BLIND", BREAKS),
    Search("MEMBERS_ALONE: a doubtful lower joiner is no evidence", f"SERVE {TWO} {ANY_LOSSES} MEMBERS_ALONE", BREAKS),
    Search("UNPROVEN_MEMBERS: they hold no lease back", f"SERVE {TWO} {ANY_LOSSES} EXTRA=1 UNPROVEN_MEMBERS", BREAKS),
    Search("PATIENCE: evidence delays for ten periods", f"SERVE N=2 EPOCHS=4 CUTS=1 {FROM_1_TO_0} CRASHES=1 PATIENCE=10", BREAKS),
    # What the rules do not promise today: docs/protocol.md, "The model". A mended rule turns it round.
    Search("OPEN: a stale frame of the dead stops nobody", f"SERVE {TWO} TP=6 L=5 LOSSES=1 CRASHES=1 LATE=1 NOBODY_STOPS", BREAKS),
    Search("OUTSIDER_BLIND", f"SERVE {TWO} {ANY_LOSSES} MOVES=1 OUTSIDER_BLIND", HOLDS),
    Search("ONE_PHASE", f"SERVE {TWO} {ANY_LOSSES} MOVES=1 ONE_PHASE", HOLDS),
    Search("ACK_BURIED", f"SERVE {TWO} {ANY_LOSSES} ACK_BURIED", HOLDS),
    Search("NO_MEETING", f"SERVE {TWO} {ANY_LOSSES} NO_MEETING", HOLDS),
    Search("NO_FROZEN", f"SERVE {TWO} {ANY_LOSSES} PAUSES=1 LOST_ONE_WAY=2 NO_FROZEN", HOLDS),
    Search("ANY_BOOT", f"SERVE {TWO} CRASHES=1 LATE=1 ANY_BOOT", HOLDS),
    Search("NO_SILENCE", f"SERVE {TWO} CRASHES=1 LATE=1 NO_SILENCE", HOLDS),
]

LARGE = [
    Search("serve, 2 hosts: any losses, larger bounds", f"SERVE N=2 {ANY_LOSSES} EXTRA=1", HOLDS),
    Search("serve, 2 hosts: losses, a crash, larger bounds", "SERVE N=2 LOSSES=6 CRASHES=1", HOLDS),
    Search("serve, 2 hosts: losses, two crashes, a replay", f"SERVE {TWO} LOSSES=2 CRASHES=2 LATE=1", HOLDS),
    Search("serve, 2 hosts: losses, a pause, larger bounds", "SERVE N=2 LOSSES=8 PAUSES=2 LOST_ONE_WAY=2", HOLDS),
    Search("serve, 2 hosts: losses, two late frames", f"SERVE {TWO} LOSSES=6 LATE=2", HOLDS),
    Search("serve, 3 hosts: a crash", f"SERVE {THREE} CRASHES=1", HOLDS),
    Search("serve, 3 hosts: heals from a cold start", "SERVE N=3 COLD HEALS=30", HOLDS),
    Search("serve, T = 5, 2 hosts: any losses", f"SERVE TP=5 L=4 T1=2 {TWO} {ANY_LOSSES}", HOLDS),
    Search("majority, 2 hosts: any losses, two crashes, a replay", f"{TWO} {ANY_LOSSES} CRASHES=2 LATE=1", HOLDS),
    Search("majority, 3 hosts: 0 and 2 cut, more losses", f"{THREE} LOSSES=3 CUTS=1 {BETWEEN_0_AND_2}", HOLDS),
    Search("majority, 3 hosts: a crash, a loss", f"{THREE} LOSSES=1 CRASHES=1", HOLDS),
    Search("majority, 3 hosts: host 2 cut off, a crash", f"{THREE} CUTS=2 {AROUND_2} CRASHES=1", HOLDS),
    Search("NO_ECHO", f"SERVE {TWO} CRASHES=2 LATE=1 NO_ECHO", HOLDS),
    Search("WEAK_ECHO", f"SERVE {TWO} CRASHES=2 LATE=1 WEAK_ECHO", HOLDS),
    Search("OUTSIDER_BLIND, 3 hosts", f"{THREE} LOSSES=3 CUTS=1 {BETWEEN_0_AND_2} OUTSIDER_BLIND", HOLDS),
    Search("NO_MEETING, 3 hosts", f"{THREE} LOSSES=3 CUTS=1 {BETWEEN_0_AND_2} NO_MEETING", HOLDS),
    Search("ACK_BURIED, 3 hosts", f"{THREE} LOSSES=3 CUTS=1 {BETWEEN_0_AND_2} ACK_BURIED", HOLDS),
]


def of(full):
    return LARGE if full else [*PROMISES, *GUARDS]
