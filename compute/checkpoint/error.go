package checkpoint

import "errors"

// ErrNone means that a folder has no checkpoint.
var ErrNone = errors.New("checkpoint: no checkpoint")

// ErrBusy means that another writer has the folder.
var ErrBusy = errors.New("checkpoint: another writer has the folder")

// Rule is what a damaged checkpoint breaks.
type Rule string

// The rules, in the order in which they are checked.
const (
	RuleManifest Rule = "manifest" // is written as Save writes it, and names its own state
	RulePresent  Rule = "presence" // the state that a manifest names is there and can be read
	RuleSize     Rule = "size"     // the state has as many bytes as the manifest says
	RuleHash     Rule = "hash"     // and their SHA-256
	RuleFormat   Rule = "format"   // the state is a safetensors file
	RuleContent  Rule = "content"  // of a layout that is known
	RuleStep     Rule = "step"     // of the step that the manifest says
)

// DamageError says which rule a checkpoint breaks.
type DamageError struct {
	File string // path of the file that is damaged
	Rule Rule
	Err  error
}

// Error names file, rule and reason.
func (e *DamageError) Error() string {
	return "checkpoint: " + e.File + ": " + string(e.Rule) + ": " + e.Err.Error()
}

// Unwrap gives the reason.
func (e *DamageError) Unwrap() error { return e.Err }
