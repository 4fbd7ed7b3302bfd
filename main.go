// Command chimera turns what came in today into better training data than
// yesterday's: a nightly batch job over a data lake.
package main

func main() {}
