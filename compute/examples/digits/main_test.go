package main

import (
	"os"
	"strings"
	"testing"
)

// The bits, and so the digits, are the same on every machine.
func Example_main() {
	main()
	// Output:
	// [4 5 6 7 8 9 0 1 2 3 4 5]
	// [9 0 1 2 3 4 5 6 7 8 9 0]
}

// TestDocumentation: the documentation of package compute has this program.
func TestDocumentation(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "\npackage main\n")
	var quoted strings.Builder
	for line := range strings.Lines("package main\n" + code) {
		line = strings.Replace(line, " //nolint:forbidigo // the status of a program", "", 1)
		quoted.WriteString("//")
		if line != "\n" {
			quoted.WriteString("\t")
		}
		quoted.WriteString(line)
	}
	if !strings.Contains(string(doc), quoted.String()) {
		t.Errorf("compute/doc.go does not have the program\n%s", quoted.String())
	}
}
