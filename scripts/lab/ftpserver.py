"""A real vsftpd per host, with files of its own host's name among files that are the same on each. It knows nothing of clusters.

The rules are those of config/examples/ftp.yaml, read from there, so that the example is what runs.
"""

import hashlib
import pathlib
import re

from . import system

EXAMPLE = system.ROOT / "config" / "examples" / "ftp.yaml"
FILES = 12
FILE_BYTES = 300_000
LARGE_FACTOR = 10
RATE = 800_000  # bytes a second over one data connection: a large file takes long enough for a bucket to move meanwhile

TEMPLATE = """\
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_max_rate={rate}
local_enable=NO
write_enable=NO
anon_root={root}
secure_chroot_dir={empty}
seccomp_sandbox=NO
connect_from_port_20=YES
pasv_min_port={first}
pasv_max_port={last}
xferlog_enable=YES
vsftpd_log_file={log}
dual_log_enable=NO
ftpd_banner={name}
"""


def example_rules():
    """The port rules of the example, as mappings of words; the lab's YAML spells them again."""
    text = EXAMPLE.read_text()
    rules = [_mapping(line) for line in re.findall(r"^ *- \{(name: .*)\}$", text, re.MULTILINE)]
    if len(rules) != 2:
        raise system.LabError(f"{EXAMPLE} has {len(rules)} rules on lines of their own; the lab expects two")
    return rules


def _mapping(text):
    """`name: ftp, affinity: {kind: single, timeout: 20m}` as a mapping; mappings inside hold no further ones."""
    pairs = re.findall(r"(\w+): (?:\{([^}]*)\}|([^,{]+))", text)
    return {key: _mapping(inner) if inner else value for key, inner, value in pairs}


def passive_ports():
    return tuple(map(int, example_rules()[1]["ports"].split("-")))


def contents(number):
    return hashlib.sha512(f"file {number}".encode()).digest() * (FILE_BYTES // 64)


def digests():
    return {f"file-{number}": hashlib.sha256(contents(number)).hexdigest() for number in range(FILES)}


def large_digest():
    return hashlib.sha256(contents(FILES) * LARGE_FACTOR).hexdigest()


def write_files(directory, name):
    """The tree that clients see; vsftpd refuses a root that it could write to."""
    root = directory / f"ftp-{name}"
    inner = root / "tree" / "inner"
    inner.mkdir(parents=True)
    for number in range(FILES):
        (root / "tree" / f"file-{number}" if number % 2 else inner / f"file-{number}").write_bytes(contents(number))
    (root / "large").write_bytes(contents(FILES) * LARGE_FACTOR)
    (root / "host").write_text(f"{name}\n")
    root.chmod(0o555)
    return root


def write_configuration(directory, name):
    empty = directory / "ftp-empty"
    empty.mkdir(exist_ok=True)
    first, last = passive_ports()
    file = directory / f"vsftpd-{name}.conf"
    log = directory / f"vsftpd-{name}-transfers.log"
    root = write_files(directory, name)
    file.write_text(TEMPLATE.format(root=root, empty=empty, first=first, last=last, log=log, name=name, rate=RATE))
    return file


def process(lab, host):
    configuration = write_configuration(lab.estate.directory, host.name)
    return lab.process(f"{host.name}-vsftpd", host.namespace, ["vsftpd", configuration])


def files_under(folder):
    """SHA-256 of each file that a client fetched, by name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in pathlib.Path(folder).rglob("*") if file.is_file()}
