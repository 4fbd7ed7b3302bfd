package cuda

import (
	"errors"
	"fmt"
	"strings"
)

// What errors of this package wrap.
var (
	// ErrNoDevice: no plugin, no driver or no such device.
	ErrNoDevice = errors.New("no CUDA device")
	// ErrMemory: no room on the device, or the session's limit is reached.
	ErrMemory = errors.New("out of device memory")
	// ErrHandle: a buffer, ticket or session that is not, or no longer, valid.
	ErrHandle = errors.New("invalid handle")
	// ErrIndex: an index in device memory was outside its table.
	ErrIndex = errors.New("index out of range")
	// ErrDead: the device failed and the session can only be closed.
	ErrDead = errors.New("device failed")
	// ErrCommand: a command that makes no sense or that the plugin does not know.
	ErrCommand = errors.New("invalid command")
)

// Status is a chi_status.
type Status int32

// The statuses.
const (
	statusOK Status = iota
	statusArg
	statusHandle
	statusRange
	statusMemory
	statusNoDriver
	statusNoDevice
	statusDevice
	statusDead
	statusUnsupported
	statusTimeout
	statusIndex
)

var statusNames = [...]string{
	"ok", "bad argument", "invalid handle", "operand out of range", "out of memory", "no driver", "no such device",
	"device error", "device dead", "unsupported operation", "timeout", "index out of range",
}

func (s Status) String() string {
	if s >= 0 && int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status %d", int32(s))
}

// kind is the error of this package that a status stands for.
func (s Status) kind() error {
	switch s {
	case statusHandle:
		return ErrHandle
	case statusMemory:
		return ErrMemory
	case statusNoDriver, statusNoDevice:
		return ErrNoDevice
	case statusIndex:
		return ErrIndex
	case statusDead:
		return ErrDead
	case statusArg, statusRange, statusUnsupported:
		return ErrCommand
	}
	return nil
}

// An Error is a call of the plugin that failed.
type Error struct {
	Op     string // the call
	Status Status
	Text   string // the plugin's
}

func (e *Error) Error() string {
	text := e.Text
	if text == "" {
		text = e.Status.String()
	}
	return "cuda: " + e.Op + ": " + text
}

// Unwrap is the error of this package that the status stands for.
func (e *Error) Unwrap() error { return e.Status.kind() }

// A LoadError says why no plugin was loaded: what was tried, each with its fault.
// It wraps [ErrNoDevice].
type LoadError struct{ Tried []string }

func (e *LoadError) Error() string {
	return "cuda: no plugin: " + strings.Join(e.Tried, "; ")
}

// Unwrap is ErrNoDevice.
func (e *LoadError) Unwrap() error { return ErrNoDevice }

// checkTable says what is wrong with the head of a plugin's table, empty if it
// can be used.
func checkTable(abi, size, need uint32, build string) string {
	major, minor := abi>>16, abi&0xffff
	switch {
	case major != abiMajor:
		return fmt.Sprintf("speaks version %d.%d of the interface, this program %d.%d (plugin build %q)", major, minor, abiMajor, abiMinor, build)
	case minor < abiMinor:
		return fmt.Sprintf("is too old: version %d.%d of the interface, this program needs %d.%d (plugin build %q)", major, minor, abiMajor, abiMinor, build)
	case size < need:
		return fmt.Sprintf("has a table of %d bytes, this program needs %d (plugin build %q)", size, need, build)
	}
	return ""
}
