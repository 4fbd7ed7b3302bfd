package compute

import (
	"errors"
	"fmt"
)

// ErrNoDevice says that a device does not exist or cannot be opened. The error
// that wraps it names what was tried.
var ErrNoDevice = errors.New("no such device")

// ErrOutOfMemory says that a device has no room for a tensor, or that the limit
// of [Options] is reached. The error that wraps it says how much was asked for.
var ErrOutOfMemory = errors.New("out of memory")

// A ShapeError is a mistake in a program: operands that do not fit together.
// Operations panic with one, since no input of a right program causes it.
type ShapeError struct {
	Op      string // operation, as "MatMul"
	Problem string // what does not fit, with the shapes of all concerned
}

func (e *ShapeError) Error() string { return "compute: " + e.Op + ": " + e.Problem }

// fail panics with a [ShapeError].
func fail(op, format string, args ...any) {
	panic(&ShapeError{Op: op, Problem: fmt.Sprintf(format, args...)})
}
