"""Sends head and body apart, with Nagle's algorithm on: `two_pieces.py HOST PORT`."""

import socketserver
import sys

HEAD = 16


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data[:HEAD])
            self.request.sendall(data[HEAD:])


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((sys.argv[1], int(sys.argv[2])), Echo).serve_forever()
