"""Golden cases that need a cluster of their own, by what their link is: each is played through core and the real binary."""

import cases_modes
import cases_vlan
import cluster

HOSTS = cases_modes.HOSTS
LINKS = {**cases_modes.MODES, "vlan": cluster.CLUSTER_MAC}  # with the MAC that no frame may leave with
INGRESS = {**cases_modes.INGRESS, "vlan": cases_vlan.INGRESS}
EGRESS = {**cases_modes.EGRESS, "vlan": cases_vlan.EGRESS}
