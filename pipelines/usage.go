package pipelines

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"syscall"
)

// cpuSeconds is the user and system time this process has used so far.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// peakRSSMB is the most memory this process has held, in 10^6 bytes.
func peakRSSMB() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Maxrss) * 1024 / 1e6
}

func randomSuffix() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
