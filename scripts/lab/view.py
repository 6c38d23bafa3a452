"""What the cluster says of itself, asked of every host that is up, and waiting until all of them agree."""

import collections
import dataclasses
import time

from . import plan, system


@dataclasses.dataclass
class View:
    """One host's answer, reduced to what stories and tests ask for."""

    host: str
    id: int
    state: str
    epoch: tuple
    members: dict  # id: name
    owners: list  # of the lab's rule, 60 ids
    default_host: str

    def shares(self):
        """Buckets by the owner's name."""
        counts = collections.Counter(self.owners)
        return {name: counts.get(number, 0) for number, name in sorted(self.members.items())}

    def buckets_of(self, number):
        return [bucket for bucket, owner in enumerate(self.owners) if owner == number]


def view_of(host, rule=plan.RULE):
    answer = host.query()
    if answer is None:
        return None
    cluster = answer["clusters"][0]
    rules = {entry["name"]: entry for entry in cluster["rules"]}
    members = {member["id"]: member["name"] for member in cluster["members"] if member["state"] in ("converging", "converged", "draining")}
    epoch = (cluster["epoch"]["counter"], cluster["epoch"]["coordinator"])
    owners = rules[rule]["owners"] if rule in rules else []
    return View(cluster["host"], cluster["id"], cluster["state"], epoch, members, owners, cluster["default_host"])


def agreed_view(hosts, members):
    """The view that all these hosts share, with exactly these members and no orphan; None while they do not."""
    views = [view_of(host) for host in hosts]
    if any(view is None or view.state != "converged" for view in views):
        return None
    first = views[0]
    wanted = {member.id for member in members}
    for view in views:
        if view.epoch != first.epoch or view.owners != first.owners or set(view.members) != wanted:
            return None
    return first if first.owners and set(first.owners) == wanted else None


def wait_for_agreement(hosts, members=None, seconds=20):
    """Until all hosts agree that they are converged and own everything; returns the view and how long it took."""
    members = hosts if members is None else members
    started = time.monotonic()
    names = ", ".join(member.name for member in members)
    try:
        view = system.wait_until(lambda: agreed_view(hosts, members), seconds, f"convergence of {names}", interval=0.05)
    except system.LabError as error:
        raise system.LabError(f"{error}: {describe(hosts)}") from None
    return view, time.monotonic() - started


def words_of_end(process):
    """Of a program that does not run: with what it ended, where that is known."""
    code = getattr(getattr(process, "popen", None), "returncode", None)
    return f"{process.name} ended" + ("" if code is None else f" with {code}")


def describe(hosts):
    """One sentence on why hosts do not agree."""
    parts = []
    for host in hosts:
        view = view_of(host)
        if view is None:
            ends = [words_of_end(process) for process in (host.dataplane, host.controlplane) if not process.runs()]
            why = f"{' and '.join(ends)}: {host.controlplane.last_line()}" if ends else "no answer"
            parts.append(f"{host.name}: {why}")
        else:
            parts.append(f"{host.name}: {view.state}, epoch {view.epoch}, members {sorted(view.members)}, shares {view.shares()}")
    return "; ".join(parts)
