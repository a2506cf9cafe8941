"""The socket table, against sockets of the test's own."""

from __future__ import annotations

import socket

from fixtures.recording.sockets import sockets


def test_a_listening_and_a_connected_socket_are_listed() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        assert {"family": "inet6", "state": "listen", "local": "::1", "port": port, "peer": "::",
                "peer_port": 0} in sockets()
        with socket.create_connection(("::1", port)) as client:
            mine = client.getsockname()[1]
            assert {"family": "inet6", "state": "established", "local": "::1", "port": mine, "peer": "::1",
                    "peer_port": port} in sockets()
        server.accept()[0].close()


def test_ipv4_is_listed_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert [row["local"] for row in sockets() if (row["family"], row["port"]) == ("inet", port)] == ["127.0.0.1"]
