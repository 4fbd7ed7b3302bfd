package lakeio

import (
	"net"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKeepLocal listens on every interface, narrows the socket, and connects by
// loopback and by the address of another interface.
func TestKeepLocal(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	if err := keepLocal(port); err != nil {
		t.Fatalf("keepLocal(%d): %v", port, err)
	}
	c, err := net.DialTimeout("tcp", net.JoinHostPort("localhost", strconv.Itoa(port)), time.Second)
	if err != nil {
		t.Fatalf("dial by loopback: %v", err)
	}
	c.Close()
	name, err := boundDevice(l)
	if err != nil || name != "lo" {
		t.Errorf("device of the socket: %q, %v; want lo", name, err)
	}
}

func boundDevice(l net.Listener) (name string, err error) {
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err != nil {
		return "", err
	}
	cerr := raw.Control(func(fd uintptr) { name, err = deviceOf(int(fd)) })
	if cerr != nil {
		return "", cerr
	}
	return name, err
}

func deviceOf(fd int) (string, error) {
	return unix.GetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE)
}
