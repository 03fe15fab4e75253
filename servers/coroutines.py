"""The styles of asyncio that its variants share; they differ in the event loop alone."""

import asyncio
import contextlib
import socket
from typing import cast

from servers.api import CHUNK, Settings


async def for_ever(server: asyncio.AbstractServer) -> None:
    """Hold on to a server that serves already; rloop 0.5's `serve_forever` drops its listener."""
    await asyncio.Event().wait()


async def echo_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Echo one client; drain() holds the reader back while the client does not read."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def streams(listener: socket.socket, settings: Settings) -> None:
    """Serve with `start_server`: a coroutine for each client, reading and writing streams."""
    server = await asyncio.start_server(echo_stream, sock=listener, backlog=settings.backlog)
    await for_ever(server)


class EchoProtocol(asyncio.Protocol):
    """Echo by callbacks: data comes in as bytes that the event loop has allocated."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Send it back."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self.transport.resume_reading()


async def protocol(listener: socket.socket, settings: Settings) -> None:
    """Serve with `create_server` and a Protocol: callbacks, no coroutine for a client."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(EchoProtocol, sock=listener, backlog=settings.backlog)
    await for_ever(server)


class BufferedEchoProtocol(asyncio.BufferedProtocol):
    """Echo by callbacks: the event loop receives into a buffer that belongs to the protocol."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        """Allocate the buffer, one for the life of the connection."""
        self.buffer = memoryview(bytearray(CHUNK))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the buffer for the next read."""
        return self.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Send back a copy: a transport may keep what it cannot send, and the buffer is reused."""
        self.transport.write(bytes(self.buffer[:nbytes]))

    def pause_writing(self) -> None:
        """Stop reading from a client that does not read its replies."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        self.transport.resume_reading()


async def buffered(listener: socket.socket, settings: Settings) -> None:
    """Serve with `create_server` and a BufferedProtocol: callbacks, no allocation for a read."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(BufferedEchoProtocol, sock=listener, backlog=settings.backlog)
    await for_ever(server)


async def echo_socket(client: socket.socket) -> None:
    """Echo one client on its bare socket."""
    loop = asyncio.get_running_loop()
    with client, contextlib.suppress(ConnectionError):
        while data := await loop.sock_recv(client, CHUNK):
            await loop.sock_sendall(client, data)


async def sockets(listener: socket.socket, settings: Settings) -> None:
    """Serve with `sock_accept`, `sock_recv` and `sock_sendall`: a task for each client."""
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    tasks = set()  # the loop itself keeps only weak references
    while True:
        client, _ = await loop.sock_accept(listener)
        task = loop.create_task(echo_socket(client))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


class EchoDatagrams(asyncio.DatagramProtocol):
    """Echo by callbacks, one for each datagram."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        """Send it back to where it came from."""
        self.transport.sendto(data, addr)


async def datagrams(sock: socket.socket, settings: Settings) -> None:
    """Serve with `create_datagram_endpoint`, for ever."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(EchoDatagrams, sock=sock)
    await asyncio.Event().wait()


# By the last word of a variant's name: what runs on an event loop of any make.
STYLES = {"streams": streams, "protocol": protocol, "buffered": buffered, "sockets": sockets}
