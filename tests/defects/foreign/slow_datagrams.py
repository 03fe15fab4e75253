"""Echoes datagrams, a millisecond each, from a small buffer: `slow_datagrams.py HOST PORT`."""

import socket
import sys
import time

SERVICE_S = 0.001
BUFFER = 16 * 1024

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    server.bind((sys.argv[1], int(sys.argv[2])))
    while True:
        data, client = server.recvfrom(65536)
        time.sleep(SERVICE_S)
        server.sendto(data, client)
