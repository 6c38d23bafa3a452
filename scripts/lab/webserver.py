"""A real nginx per host that says which host it is. It knows nothing of clusters, as servers behind nlb never need to.

/ is small, /big is a large file whose speed the client chooses (/big?rate=500k), so that downloads last as long as a story needs.
/health says 500 as long as there is a file NAME.ill beside the configuration.
/slow is the same file in pieces of a kilobyte, evenly spread: whoever hears nothing for long does not wait for a pause of the server.
"""

import hashlib

BIG_BYTES = 8 * 1024 * 1024

TEMPLATE = """\
daemon off;
user root;
worker_processes 1;
pid {directory}/nginx-{name}.pid;
error_log {directory}/nginx-{name}-errors.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {directory}/nginx-{name}-body;
    proxy_temp_path {directory}/nginx-{name}-proxy;
    fastcgi_temp_path {directory}/nginx-{name}-fastcgi;
    uwsgi_temp_path {directory}/nginx-{name}-uwsgi;
    scgi_temp_path {directory}/nginx-{name}-scgi;
    server {{
        listen 0.0.0.0:80 backlog=1024;
        listen [::]:80 backlog=1024;
        add_header X-Nlb-Host {name} always;
        location = / {{ return 200 "{name}\\n"; }}
        location = /health {{
            if (-f {directory}/{name}.ill) {{ return 500; }}
            return 200 "well\\n";
        }}
        location = /big {{
            alias {directory}/big;
            limit_rate $arg_rate;
        }}
        location = /slow {{
            alias {directory}/big;
            limit_rate $arg_rate;
            sendfile_max_chunk 1k;
        }}
    }}
}}
"""


def write_big_file(directory):
    """The same bytes in every lab, not compressible to nothing; returns their SHA-256."""
    block = hashlib.sha512(b"nlb lab").digest()
    pieces = []
    while len(pieces) * len(block) < BIG_BYTES:
        pieces.append(block)
        block = hashlib.sha512(block).digest()
    content = b"".join(pieces)[:BIG_BYTES]
    (directory / "big").write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def write_configuration(directory, name):
    file = directory / f"nginx-{name}.conf"
    file.write_text(TEMPLATE.format(directory=directory, name=name))
    return file


def arguments(configuration):
    # -e: nginx opens its compiled-in error log before it reads the file; ours is in the lab.
    return ["nginx", "-e", str(configuration.with_suffix(".start.log")), "-c", str(configuration)]
