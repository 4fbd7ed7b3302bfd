package lakeio

import (
	"errors"

	"golang.org/x/sys/unix"
)

// maxFD is how far the search for a socket goes.
const maxFD = 4096

// keepLocal binds the listening socket of a port to the loopback device: the
// kernel then drops what comes in from any other. Linux allows that to anybody
// since 5.7.
func keepLocal(port int) error {
	for fd := 3; fd < maxFD; fd++ {
		if listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil || listening == 0 {
			continue
		}
		addr, err := unix.Getsockname(fd)
		if err == nil && portOf(addr) == port {
			return unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo")
		}
	}
	return errors.New("its socket was not found")
}

func portOf(addr unix.Sockaddr) int {
	switch a := addr.(type) {
	case *unix.SockaddrInet4:
		return a.Port
	case *unix.SockaddrInet6:
		return a.Port
	}
	return 0
}
