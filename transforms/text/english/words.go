package english

// wordTable is a stub, replaced below.
type wordTable struct{}

func (w *wordTable) build(r *rules) {}
