"""The cluster's YAML: one file for all hosts of a lab, readable by whoever looks around in it."""

import json
import os

from . import plan


def cluster_of(lab_plan, key_file):
    """The lab's cluster as the mapping that the YAML spells."""
    cluster = {
        "name": "web",
        "address": f"{plan.VIP}/24",
        "virtual_addresses": [f"{plan.VIP6}/64"],
        "mode": lab_plan.mode,
        "key_file": str(key_file),
        "heartbeat": {"period": lab_plan.period, "tolerance": lab_plan.tolerance},
        # A story is shorter than a minute: what is closed is forgotten soon, so that a drain can end.
        "connections": {"max": 20000, "closing": "2s"},
        "port_rules": [{"name": plan.RULE, "vip": "all", "ports": 80, "protocol": "tcp", "mode": "multiple", "affinity": "single"}],
    }
    cluster.update(lab_plan.cluster_keys)
    cluster["hosts"] = [_host(lab_plan, host) for host in lab_plan.host_plans()]
    return cluster


def _host(lab_plan, host):
    cpus = sorted(os.sched_getaffinity(0))
    keys = {
        "name": host.name,
        "id": host.id,
        "addresses": [f"{host.address}/24", f"{host.address6}/64"],
        "outside": "net_af_packet0,iface=outside",
        "inside": {"kind": "kernel", "name": "nlb0"},
        "gateway": [plan.ROUTER, plan.ROUTER6],
        # Workers of neighbouring hosts take turns on the machine's cores; the main lcore gets the lowest other one.
        "lcores": str(cpus[host.id % len(cpus)]),
    }
    keys.update(lab_plan.host_keys.get(host.name, {}))
    return keys


def text_of(lab_plan, key_file):
    cluster = cluster_of(lab_plan, key_file)
    lines = ["# Written by scripts/lab: the same file serves every host of the lab.", "clusters:"]
    start = "  - "
    for key, value in cluster.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{start}{key}:")
            lines += [f"      - {_flow(item)}" for item in value]
        else:
            lines.append(f"{start}{key}: {_flow(value)}")
        start = "    "
    lines.append(f"poll: {lab_plan.poll}")
    lines.append(f"eal: {_flow({'hugepages': lab_plan.hugepages})}")
    lines.append('metrics: {listen: "127.0.0.1:9780"}')
    lines += [f"{key}: {_flow(value)}" for key, value in lab_plan.top_keys.items()]
    return "\n".join(lines) + "\n"


def _flow(value):
    """A value on one line, as people write it: words bare, everything else as in JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and value.isalnum() and not value.isdigit():
        return value
    return json.dumps(value)
