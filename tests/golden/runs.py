"""The two runs of the golden cases, each done once: core's stages through `nlb explain`, and the real binary between captures.
It collects what came out; what should have come out is the cases' knowledge.
"""

import cases
import cases_egress
import cases_links
import cluster
from play import explained as explained_of
from play import make_cluster, once, play


@once
def ingress_cluster():
    return make_cluster("ingress", cases.FRAMES, [])


@once
def explained():
    """For each frame, the outcome by host: `{"edge1": "accept owner", ...}`."""
    return explained_of(ingress_cluster(), "ingress", len(cases.FRAMES))


@once
def ingress():
    """What each host's real binary made of the frames from outside."""
    return {host: play(ingress_cluster(), host) for host in cluster.HOSTS}


@once
def egress():
    """What the real binary made of the frames from inside, by host."""
    where = make_cluster("egress", [], cases_egress.FRAMES)
    return {host: play(where, host) for host in cases_egress.HOSTS}


@once
def links():
    """By link: what explain said of the frames from outside, and by host what the real binary sent, of those and of those from inside."""
    return {link: _link(link) for link in cases_links.LINKS}


def _link(link):
    ingress_frames = [case.frame for case in cases_links.INGRESS[link]]
    where = make_cluster("in", ingress_frames, [], link)
    back = make_cluster("out", [], [case.frame for case in cases_links.EGRESS[link]], link)
    return (explained_of(where, "in", len(ingress_frames)), {host: play(where, host) for host in cases_links.HOSTS},
            {host: play(back, host) for host in cases_links.HOSTS})
