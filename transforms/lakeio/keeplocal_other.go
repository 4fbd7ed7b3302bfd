//go:build !linux

package lakeio

import "errors"

// keepLocal cannot narrow a listening socket here.
func keepLocal(int) error { return errors.New("not possible on this system; use a firewall") }
