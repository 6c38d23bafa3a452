"""Reports about what operators write: mistakes that were swallowed elsewhere, and changes that moved more than they had to."""

from report import Check, Owners, Plan

EVENTS = "https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2008-r2-and-2008"
KEPT = "https://github.com/acassen/keepalived"
HTTP = "{name: http, ports: 80, protocol: tcp}"


def host(number, keys="", address=None):
    return (f"      - {{name: edge{number}, id: {number}, addresses: [{address or f'192.0.2.{10 + number}'}/24], lcores: 1, "
            f'outside: "net_null0", inside: "net_null1"{", " + keys if keys else ""}}}\n')


def text(*rules, hosts=None, cluster=""):
    """A configuration with these rules, three hosts unless others are given, and further lines of the cluster."""
    lines = "".join(f"      - {rule}\n" for rule in rules)
    return ("clusters:\n  - name: reports\n    address: 192.0.2.80/24\n    key_file: reports.key\n" + cluster
            + f"    port_rules:\n{lines}    hosts:\n" + "".join(hosts or [host(1), host(2), host(3)]))


def only_from(name):
    """Moves that a leave must make: buckets of that host alone, and no more than the least."""

    def judge(answer):
        wrong = [move for move in answer["moves"] if move["from"] != name]
        if wrong or answer["moved"] != answer["least"]:
            return f"moved {answer['moved']} where {answer['least']} is the least; from others: {wrong[:3]}"
        return "" if answer["moved"]["http"] else "nothing moved at all"

    return judge


def only_to(name):
    def judge(answer):
        wrong = [move for move in answer["moves"] if move["to"] != name]
        if wrong or answer["moved"] != answer["least"] or answer["moved"]["http"] != 20:
            return f"expected 20 buckets of http to {name} and no others, got {answer['moved']}, not to it: {wrong[:3]}"
        return ""

    return judge


def shares(**wanted):
    def judge(answer):
        got = {name: round(share, 3) for name, share in answer["share_after"]["http"].items()}
        return "" if got == wanted else f"expected {wanted}, got {got}"

    return judge


def same_again(owners):
    """All, without the owner, all again: the client comes back to the host that it had."""
    first, without, again = owners
    good = first == again != without and without is not None
    return "" if good else f"expected the same host before and after, and another one between, got {owners}"


def moved_at_once(owners):
    first, after = owners
    return "" if None not in owners and first != after else f"expected another host as soon as the first is gone, got {owners}"


def never(name):
    return lambda owners: f"{name} owns a client" if name in owners or None in owners else ""


REPORTS = [
    Check(
        kind="a key that does not exist",
        source=f"{KEPT}/issues/791",
        looked_like="A key in the wrong place is told as an unknown keyword in the log, and the program starts without it.",
        configuration=text("{name: http, ports: 80, protocol: tcp, wieght: 30}"), status=2,
        expect=[("port_rules[0].wieght: expected a known key", 'did you mean "weight"?')]),
    Check(
        kind="a key that has another name today",
        source=f"{KEPT}/issues/789",
        looked_like="A key that the documentation names was renamed versions ago, and the program does not know it.",
        configuration=text(HTTP, cluster="    adress: 192.0.2.80\n    vips: [192.0.2.81]\n"), status=2,
        expect=[("clusters[0].adress: expected a known key", 'did you mean "address"?'),
                ("clusters[0].vips: expected one of the keys", "virtual_addresses")]),
    Check(
        kind="a brace that is missing",
        source=f"{KEPT}/issues/2198",
        looked_like="A missing brace makes keys into addresses, which are skipped one by one; the program runs and does nothing.",
        configuration=text(HTTP).replace("protocol: tcp}", "protocol: tcp"), status=2, expect=[("check.yaml:8:7:", "expected YAML")]),
    Check(
        kind="two rules for the same port",
        source=f"{KEPT}/pull/2644",
        looked_like="A virtual server that is written twice counts once, the checks of the second one run nevertheless.",
        configuration=text(HTTP, "{name: web, ports: 70-90, protocol: both}"), status=2, expect=[("port_rules[1].ports", "http")]),
    Check(
        kind="two hosts with one priority of a single rule",
        source=f"{EVENTS}/dd364048(v=ws.10)",
        looked_like="Two hosts have one handling priority, and the cluster never converges (event 20).",
        configuration=text("{name: admin, ports: 8443, protocol: tcp, mode: single}",
                           hosts=[host(1, "priorities: {admin: 5}"), host(2, "priorities: {admin: 5}")]), status=2,
        expect=[("hosts[1].priorities.admin", "5")]),
    Check(
        kind="two hosts with one id",
        source=f"{EVENTS}/dd348807(v=ws.10)",
        looked_like="Two hosts have one priority, which is found when both run.",
        configuration=text(HTTP, hosts=[host(1), host(2).replace("id: 2", "id: 1")]), status=2,
        expect=[("hosts[1].id: expected an id that no other host has",)]),
    Check(
        kind="a virtual address that is a host's own",
        source="https://github.com/metallb/metallb/issues/364",
        looked_like="Service addresses that nodes have themselves are accepted, and ARP and rules break in several ways.",
        configuration=text(HTTP, hosts=[host(1, address="192.0.2.80"), host(2)]), status=2,
        expect=[("hosts[0].addresses[0]: expected a dedicated address", "virtual")]),
    Check(
        kind="a second virtual address that is a host's own",
        source="https://github.com/metallb/metallb/issues/1397",
        looked_like="A pool that holds the nodes' addresses cuts the nodes off: another one answers for them.",
        configuration=text(HTTP, cluster="    virtual_addresses: [192.0.2.12]\n"), status=2,
        expect=[("hosts[1].addresses[0]: expected a dedicated address", "virtual")]),
    Check(
        kind="virtual addresses beside a host's own are no mistake",
        source="https://github.com/metallb/metallb/issues/2779",
        looked_like="A range that leaves a node's address out is refused, since the network around it holds it.",
        configuration=text(HTTP, cluster="    virtual_addresses: [192.0.2.10, 192.0.2.14]\n"), status=0, expect=[("no mistakes",)]),
    Check(
        kind="weight 0 is a weight",
        source=f"{KEPT}/pull/1238",
        looked_like="A server cannot be configured with weight 0, only set to it while it runs.",
        configuration=text(HTTP, hosts=[host(1), host(2, "weights: {http: 0}")]), status=0, expect=[("no mistakes, 0 warnings",)]),
    Check(
        kind="a rule that nobody serves is warned of",
        source="https://github.com/haproxy/haproxy/issues/1683",
        looked_like="All servers of a backend vanish after a reload, which only its clients notice.",
        configuration=text("{name: http, ports: 80, protocol: tcp, weight: 0}"), status=0,
        expect=[("expected a host with a weight above 0", "http", "traffic is lost")]),
    Check(
        kind="a weight above the largest one",
        source=f"{KEPT}/issues/1354",
        looked_like="Weights are changed and the file is read again, and the old ones stay in force.",
        configuration=text(HTTP, hosts=[host(1, "weights: {http: 101}"), host(2, "weights: {htpp: 50}")]), status=2,
        expect=[("hosts[0].weights.http", "0-100"), ("hosts[1].weights.htpp", "http")]),
    Plan(
        kind="weights that change move no more than they must",
        source=f"{KEPT}/issues/1354",
        looked_like="Weights are changed and the file is read again, and the old ones stay in force.",
        configuration=text(HTTP), arguments=["--members", "edge1,edge2,edge3"],
        new_configuration=text(HTTP, hosts=[host(1, "weights: {http: 100}"), host(2), host(3)]),
        expect=shares(edge1=0.5, edge2=0.25, edge3=0.25)),
    Plan(
        kind="weight 0 leaves a host without a share",
        source=f"{KEPT}/pull/1238",
        looked_like="A server cannot be configured with weight 0, only set to it while it runs.",
        configuration=text(HTTP), arguments=["--members", "edge1,edge2,edge3"],
        new_configuration=text(HTTP, hosts=[host(1), host(2, "weights: {http: 0}"), host(3)]),
        expect=shares(edge1=0.5, edge2=0.0, edge3=0.5)),
    Plan(
        kind="a host that fails costs the others nothing",
        source="https://github.com/loxilb-io/loxilb/issues/4",
        looked_like="When one endpoint fails, traffic to the others suffers too.",
        configuration=text(HTTP), arguments=["--members", "edge1,edge2,edge3", "--leave", "edge2"], expect=only_from("edge2")),
    Plan(
        kind="a host that joins takes from each its part",
        source="https://github.com/loxilb-io/loxilb/pull/825",
        looked_like="Endpoints that come and go upset the order in which all the others are chosen.",
        configuration=text(HTTP), arguments=["--members", "edge1,edge2", "--join", "edge3"], expect=only_to("edge3")),
    Plan(
        kind="a host that is removed from the file",
        source="https://github.com/alibaba/LVS/issues/34",
        looked_like="A server that is taken out either keeps its traffic for an hour or loses all of it at once.",
        configuration=text(HTTP), arguments=["--members", "edge1,edge2,edge3"], new_configuration=text(HTTP, hosts=[host(1), host(2)]),
        expect=only_from("edge3")),
    Owners(
        kind="affinity: a client comes back to its host when that host comes back",
        source="https://github.com/loxilb-io/loxilb/pull/645",
        looked_like="Persistence is forgotten when an endpoint was away.",
        configuration=text(HTTP), packet="tcp 198.51.100.7:4000 192.0.2.80:80",
        members=["edge1,edge2,edge3", "without the first owner", "edge1,edge2,edge3"], expect=same_again),
    Owners(
        kind="UDP: a stream goes on at another host at once",
        source=f"{KEPT}/issues/2163",
        looked_like="A stream of datagrams is sent to a server that was removed for as long as it does not pause.",
        configuration=text("{name: flow, ports: 4729, protocol: udp}"), packet="udp 198.51.100.7:50000 192.0.2.80:4729",
        members=["edge1,edge2,edge3", "without the first owner"], expect=moved_at_once),
    Owners(
        kind="affinity: a failed host is not chosen",
        source="https://github.com/kubernetes/kubernetes/issues/24648",
        looked_like="A client with affinity is sent to an endpoint that failed, again and again.",
        configuration=text(HTTP), packet="tcp 198.51.100.9:4000 192.0.2.80:80",
        members=["edge1,edge3", "edge1", "edge3"], expect=never("edge2")),
]
