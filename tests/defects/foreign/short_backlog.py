"""One client at a time, and five may wait: `short_backlog.py HOST PORT`."""

import contextlib
import socket
import sys

with socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=5) as listener:
    while True:
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                client.sendall(data)
