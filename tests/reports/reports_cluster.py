"""Reports about how hosts agree, as scripts of the simulator: partitions, returns, keys, twins, drains, health checks that flap.
Each is played with several seeds, which draw what the switch, the shells and the clients do meanwhile; no promise may break
(tests/sim: one owner at every instant, shares as they should be in the end, flows stay where they are).
"""

from report import Script

THREE = """
set hosts 3
set slots 3
set faults_until 6000000000
0.0 conditions 0 0 0
0.001 boot 1
0.021 boot 2
0.041 boot 3
"""
MAJORITY = "set majority 1\n"
CHECKED = "set checked_ports 3\n"

REPORTS = [
    Script(
        kind="partition: two halves do not both answer",
        source="https://github.com/metallb/metallb/issues/589",
        looked_like="After a partition two nodes answer ARP for one address, and the membership does not mend.",
        script=MAJORITY + THREE + """
2.5 cut 1 2
2.5 cut 2 1
2.5 cut 1 3
2.5 cut 3 1
4.5 mend 1 2
4.5 mend 2 1
4.5 mend 1 3
4.5 mend 3 1
"""),
    Script(
        kind="partition: one direction is lost",
        source="https://github.com/metallb/metallb/issues/740",
        looked_like="Two nodes announce one address at the same time.",
        script=MAJORITY + THREE + "2.5 cut 1 2\n2.5 cut 1 3\n4.5 mend 1 2\n4.5 mend 1 3\n"),
    Script(
        kind="two hosts boot at the same instant, one reads its file again",
        source="https://github.com/acassen/keepalived/issues/2387",
        looked_like="After a simultaneous boot and a reload both are masters, and one does not hear the other's adverts any more.",
        script="""
set hosts 2
set slots 3
set faults_until 6000000000
0.0 conditions 0 0 0
0.001 boot 1
0.001 boot 2
0.6 file 2 1
0.9 file 1 1
"""),
    Script(
        kind="the host of the first id boots again",
        source="https://github.com/acassen/keepalived/issues/2649",
        looked_like="When the node of the highest priority has rebooted, it and another one are masters until both are restarted.",
        script=THREE + "2.5 crash 1\n3.5 boot 1\n4.5 crash 1\n4.6 boot 1\n"),
    Script(
        kind="a link that was down comes back",
        source="https://github.com/metallb/metallb/issues/584",
        looked_like="A node that was cut off does not announce itself when it is back, since it never knew; traffic goes astray.",
        script=THREE + "2.5 link 1 0\n3.4 link 1 1\n4.5 link 2 0\n4.6 link 2 1\n"),
    Script(
        kind="a machine that stood still is not the owner any more",
        source="https://github.com/acassen/keepalived/issues/166",
        looked_like="A machine that stood still for a snapshot goes on as master, and nobody is told; addresses are not reachable.",
        script=THREE + "2.5 stop 1\n2.5 stopdp 1\n4.0 resume 1\n4.0 resumedp 1\n"),
    Script(
        kind="a health check that flaps",
        source="https://github.com/loxilb-io/loxilb/pull/1087",
        looked_like="Failures count although successes lie between them, so an endpoint goes down for a few misses in a day.",
        script=CHECKED + THREE + "".join(f"{2.5 + k * 0.3:.1f} health 2 0 {k % 2}\n" for k in range(8))),
    Script(
        kind="all servers fail, and come back",
        source="https://github.com/haproxy/haproxy/issues/1234",
        looked_like="Servers that were found failed never come back, although they answer.",
        script=CHECKED + THREE + "".join(f"2.5 health {k} 0 0\n" for k in (1, 2, 3)) + "".join(f"4.5 health {k} 0 1\n" for k in (1, 2, 3))),
    Script(
        kind="a drained host takes part again",
        source="https://github.com/haproxy/haproxy/issues/934",
        looked_like="A server that was drained and went down does not come back to its former state.",
        script=THREE + "2.5 drain 2 1\n4.0 drain 2 0\n"),
    Script(
        kind="the last host is drained",
        source="https://github.com/rancher/rancher/issues/8627",
        looked_like="Connections are cut when a target stops, because nothing drains it first; a reload forgets the drain.",
        script=THREE + "2.5 drain 1 1\n2.8 drain 2 1\n3.1 drain 3 1\n4.6 drain 1 0\n4.6 drain 2 0\n4.6 drain 3 0\n"),
    Script(
        kind="a host with a key that is not the cluster's",
        source="https://github.com/acassen/keepalived/issues/1490",
        looked_like="Adverts of one host are refused as wrong by the others, and more than one are masters.",
        script=THREE + "2.5 crash 3\n2.6 keys 3 1\n3.0 boot 3\n4.8 crash 3\n4.8 keys 3 0\n4.9 boot 3\n"),
    Script(
        kind="a second machine with the id of a host",
        source="https://github.com/acassen/keepalived/pull/2547",
        looked_like="Two routers that both own an address with the same priority are not told apart.",
        script="set extra 1\n" + THREE + "0.0 twin 4 2\n2.5 boot 4\n3.0 stop 2\n3.3 resume 2\n4.5 crash 4\n"),
    Script(
        kind="weight 0 while clients are served, and back",
        source="https://github.com/kubernetes/kubernetes/pull/81591",
        looked_like="A server of weight 0 gets new connections of clients that have been there before.",
        script=THREE + "2.5 weight 2 0 0\n4.0 weight 2 0 50\n"),
    Script(
        kind="buckets move while SYNs are sent again",
        source="https://github.com/cilium/cilium/issues/32472",
        looked_like="SYNs meet a stale entry of a backend that is gone, and are dropped until it expires.",
        script=THREE + "".join(f"{2.5 + k * 0.25:.2f} weight {1 + k % 3} 0 {10 + 40 * (k % 2)}\n" for k in range(10))),
]
