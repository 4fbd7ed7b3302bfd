package pipelines

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
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

// progressOf turns finished tasks into the run's progress: by bytes where the
// results say how many they read, else by tasks.
func progressOf[R any](report func(Progress), name string, total float64, bytes bool, size func(R) float64) func(string, int, int, []byte) {
	var read float64
	return func(_ string, done, _ int, raw []byte) {
		p := Progress{Stage: name, Done: float64(done), Total: total, Bytes: bytes}
		if bytes && size != nil {
			var r R
			if json.Unmarshal(raw, &r) == nil {
				read += size(r)
			}
			p.Done = read
		}
		report(p)
	}
}
