package config

import _ "embed"

// Example is a complete configuration with comments, every key at its default.
//
//go:embed example.yaml
var Example string
