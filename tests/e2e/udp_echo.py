"""A server that sends every datagram back behind the name of its host, and the client that asks it from many addresses.
Datagrams are as large as UDP lets them be: kernels cut and join them, the dataplanes in between see only fragments.
"""

import json
import socket
import sys

NAME_BYTES = 16


def datagram_socket(address):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


def serve(address, port, name):
    with datagram_socket(address) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        server.bind((address, int(port)))
        while True:
            data, client = server.recvfrom(65535)
            server.sendto(name.encode().ljust(NAME_BYTES) + data, client)


def ask(address, port, size, *sources):
    """One line of JSON per source: who answered, or null when nobody did or the bytes were other ones."""
    for number, source in enumerate(sources):
        question = bytes((number + i) % 251 for i in range(int(size)))
        with datagram_socket(address) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            client.bind((source, 0))
            client.settimeout(3)
            client.sendto(question, (address, int(port)))
            try:
                answer = client.recv(65535)
            except TimeoutError:
                answer = b""
        name = answer[:NAME_BYTES].decode(errors="replace").strip() if answer[NAME_BYTES:] == question else None
        print(json.dumps({"source": source, "host": name or None}), flush=True)


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
