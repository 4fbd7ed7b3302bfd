package report

// Entry is one night as its successors and the index see it.
type Entry struct {
	File      string           `json:"file"` // page of the night, relative to the index; empty if there is none
	Tag       string           `json:"tag"`
	Date      string           `json:"date"`
	RunID     string           `json:"run_id"`
	Job       string           `json:"job"`
	Profile   string           `json:"profile"`
	Status    string           `json:"status"`
	Seconds   float64          `json:"seconds"`
	Input     Input            `json:"input"`
	Output    Output           `json:"output"`
	DroppedBy map[string]int64 `json:"dropped_by"` // rows by reason, of all stages together
	Alarms    int              `json:"alarms"`     // number of alarms the night's page shows
}

// Entry is the night as the index lists it; file is its page.
func (n Night) Entry(file string) Entry {
	e := n.entry()
	e.File, e.Alarms = file, len(n.Alarms())
	return e
}

func (n Night) entry() Entry {
	by := map[string]int64{}
	for _, d := range n.Drops {
		by[d.Reason] += d.Rows
	}
	return Entry{
		Tag: n.Tag, Date: n.Date, RunID: n.RunID, Job: n.Job, Profile: n.Profile,
		Status: n.Status, Seconds: n.Seconds, Input: n.Input, Output: n.Output, DroppedBy: by,
	}
}
