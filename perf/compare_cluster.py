"""The cluster that all cases are measured in: four equal hosts, one web rule, one DNS rule; we are the first host.

It writes configuration, key, tables and captures into a folder that somebody else removes.
"""

import subprocess

CONFIGURATION = """\
clusters:
  - name: perf
    address: 192.0.2.80/24
    virtual_addresses: ["2001:db8::80/64"]
    key_file: perf.key
    connections: {max: 65536}
    port_rules:
      - {name: http, ports: 80, protocol: tcp, affinity: single}
      - {name: dns, ports: 53, protocol: udp, affinity: none}
    hosts:
"""
HOSTS = ("edge1", "edge2", "edge3", "edge4")


class Cluster:
    def __init__(self, folder, build, rules=2, outside="net_null0", inside="net_null1", lcores="1", more=(), vips=1, vips_v6=1, vlan=0):
        """`rules`: port rules in all; those beyond the first two are nobody's traffic. Ports and lcores are nlb-dataplane's.

        `more`: further rules as they stand in the YAML. `vips`, `vips_v6`: virtual addresses in all, of each family.
        """
        folder.mkdir(exist_ok=True)
        self.folder, self.frames = folder, build / "perf/nlb-frames"
        key = folder / "perf.key"
        key.touch(mode=0o600)
        key.write_bytes(bytes(range(1, 33)))  # fixes who owns which bucket, so that runs are alike
        hosts = "".join(f'      - {{name: {name}, id: {n}, addresses: [192.0.2.{10 + n}/24], outside: "{outside}", inside: "{inside}", '
                        f"lcores: {lcores}}}\n" for n, name in enumerate(HOSTS, 1))
        configuration = folder / "perf.yaml"
        unused = "".join(f"      - {{name: more{n}, ports: {1000 + n}, protocol: tcp}}\n" for n in range(2, rules))
        further = "".join(f"      - {rule}\n" for rule in more)
        addresses = [f"198.18.0.{n}/32" for n in range(1, vips)] + [f"2001:db8::{0x80 + n:x}/64" for n in range(vips_v6)]
        text = CONFIGURATION.replace('["2001:db8::80/64"]', "[" + ", ".join(f'"{address}"' for address in addresses) + "]")
        if vlan:
            text = text.replace("    key_file:", f"    vlan: {vlan}\n    key_file:")
        configuration.write_text(text.replace("    hosts:\n", unused + further + "    hosts:\n") + hosts)
        self.tables = folder / "edge1.tables"
        subprocess.run([build / "cli/nlb", "tables", "--config", configuration, "--host", HOSTS[0], "--members", ",".join(HOSTS), "-o",
                        self.tables], check=True, stdout=subprocess.DEVNULL)

    def capture(self, case):
        file = self.folder / f"{case.name}.pcap"
        size = ("--clients", str(case.clients), "--frames", str(case.frame_count()))
        subprocess.run([self.frames, "--tables", self.tables, "-o", file, *size, *case.traffic], check=True)
        return file
