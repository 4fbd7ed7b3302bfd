package dedup

import "errors"

// ErrDamaged says that a spill file does not hold what was written to it. The
// run's scratch folder must go and the run start again.
var ErrDamaged = errors.New("damaged spill file")
