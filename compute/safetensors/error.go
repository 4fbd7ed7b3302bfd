package safetensors

import (
	"fmt"
	"strings"
)

// Rule is a rule of the format that a file breaks.
type Rule string

// The rules, in the order in which a reader meets them.
const (
	RuleLength    Rule = "header length"      // of at most 100 000 000 bytes, and within the file
	RuleStart     Rule = "header start"       // the header begins with '{'
	RuleUTF8      Rule = "header encoding"    // the header is valid UTF-8
	RuleJSON      Rule = "header syntax"      // the header is a JSON object and then spaces
	RuleMetadata  Rule = "metadata"           // __metadata__ maps strings to strings
	RuleName      Rule = "tensor name"        // is valid UTF-8 and not __metadata__
	RuleDuplicate Rule = "duplicate name"     // a name is given once
	RuleField     Rule = "fields of a tensor" // dtype, shape and data_offsets, and no others
	RuleDType     Rule = "dtype"              // is one that the format knows
	RuleNumber    Rule = "number"             // is a whole number from 0 to 2^63-1 in plain digits
	RuleOverflow  Rule = "shape overflow"     // the number of bits fits into 63 bits
	RuleSubByte   Rule = "whole bytes"        // elements of 4 and 6 bits fill whole bytes
	RuleSize      Rule = "size"               // the bytes of a tensor are as many as type and shape say
	RuleOffsets   Rule = "offsets"            // a tensor ends at or after its begin
	RulePastEnd   Rule = "past the end"       // a tensor lies within the file
	RuleOverlap   Rule = "overlap"            // no byte belongs to two tensors
	RuleHole      Rule = "hole"               // no byte belongs to none
	RuleTrailing  Rule = "trailing bytes"     // the last tensor ends where the file does
	RuleIndex     Rule = "index"              // an index maps tensors to plain file names beside it
	RuleMissing   Rule = "missing tensor"     // what an index promises is there
	RuleChanged   Rule = "changed file"       // a file stays as it was when it was opened
)

// FormatError says which rule of the format a file, or a tensor that shall be
// written, breaks.
type FormatError struct {
	File   string // path, or the name given to New; empty while writing to an io.Writer
	Tensor string // the tensor concerned, or empty
	Rule   Rule
	Detail string
}

// Error names file, tensor, rule and detail, in this order.
func (e *FormatError) Error() string {
	var b strings.Builder
	b.WriteString("safetensors: ")
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Tensor != "" {
		fmt.Fprintf(&b, "tensor %s: ", quoteShort(e.Tensor))
	}
	b.WriteString(string(e.Rule) + ": " + e.Detail)
	return b.String()
}

// broken makes a FormatError whose file is filled in by whoever knows it.
func broken(rule Rule, tensor, format string, args ...any) *FormatError {
	return &FormatError{Tensor: tensor, Rule: rule, Detail: fmt.Sprintf(format, args...)}
}

// quoteShort quotes a string of a stranger for a message of a line.
func quoteShort(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q... (%d bytes)", s[:most], len(s))
	}
	return fmt.Sprintf("%q", s)
}
