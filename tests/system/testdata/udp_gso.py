"""One UDP datagram train: `send ADDRESS PORT SIZE N` hands N datagrams of SIZE bytes to
the kernel in one call, to be segmented as late as possible (UDP_SEGMENT); `receive
ADDRESS PORT SIZE N` says "listening", and "received N" once it has all N, each whole
and in order."""

import socket
import sys

UDP_SEGMENT = 103  # linux/udp.h


def datagram(i, size):
    return (i.to_bytes(4, 'big') * (size // 4 + 1))[:size]


def main():
    what, address, port, size, n = sys.argv[1:]
    port, size, n = int(port), int(size), int(n)
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        if what == 'send':
            s.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
            s.sendto(b''.join(datagram(i, size) for i in range(n)), (address, port))
            return
        s.bind((address, port))
        print('listening', flush=True)
        for i in range(n):
            data = s.recv(65536)
            if data != datagram(i, size):
                sys.exit('datagram %d: %d bytes that were not sent' % (i, len(data)))
        print('received', n, flush=True)


main()
