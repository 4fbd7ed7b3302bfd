// Package bench measures the hot paths of a night on this machine, each beside
// its bound or a peer measured in the same run, so that the ratio survives a
// noisy or slow host. Text rates are 10^6 bytes of UTF-8 text a second of CPU
// time: what one core does, whatever else the machine is doing.
//
// The input is a generated corpus (Corpus) or given files. A case runs for
// about the asked time, several times; the median counts and the spread is
// shown with it.
package bench
