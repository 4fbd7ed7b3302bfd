// Package command is chimera's command line: one file a command, each made of
// its flags, its help, and a run function that calls pipelines, lake or text and
// prints what they return.
//
// Data goes to stdout: with --json one JSON object, or JSON Lines where a
// command lists. Everything else goes to stderr. [Main] alone maps errors to
// exit statuses; docs/commands/README.md lists them.
package command
