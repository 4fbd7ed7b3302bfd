package cpu

// MinHashArgs are the inputs and outputs of a MinHash batch. The caller
// guarantees the sizes; they are not checked again.
type MinHashArgs struct {
	A, B       []uint32 // multipliers and addends of the 112 permutations
	RuneIndex  []uint16 // rune>>8 to number of a block
	RuneBlocks []uint32 // blocks of 256: lower case of a word rune, or 0
	Offsets    []int32  // n+1 ascending offsets into Data
	Data       []byte   // the texts
	Scratch    []byte   // at least 1.5 times the longest text and 128 bytes
	Signatures []uint32 // n*112, written where the count is not 0
	Counts     []int32  // n, number of shingles
}
