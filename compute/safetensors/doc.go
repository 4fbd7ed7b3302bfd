// Package safetensors reads and writes files of named tensors in the
// safetensors format, the usual one for the weights of neural networks. It
// depends on nothing of Chimera's and can be used alone.
//
// # The format
//
// A file is a length, a header and a buffer:
//
//	8 bytes    N, little-endian: the size of the header, at most 100 000 000
//	N bytes    a JSON object, padded with spaces
//	the rest   the buffer: the values of all tensors, one after another
//
// The header names each tensor with its type, its shape and the bytes of the
// buffer that hold it, and may carry strings under "__metadata__":
//
//	{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}
//
// Values are little-endian and in row-major order. The tensors cover the buffer
// exactly: without holes, overlaps or bytes left over. So a file has no place
// to hide anything, and reading it needs no code but arithmetic.
//
// # Reading
//
// [Open] maps a file into memory; opening a file of any size costs its header.
// [OpenUnmapped] and [New] read only the ranges that are asked for, from a disk
// or from anything that is an io.ReaderAt, such as ranged requests over HTTP.
// [OpenModel] opens a model that is spread over several files with an index.
//
//	f, err := safetensors.Open("model.safetensors")
//	if err != nil {
//		return err
//	}
//	defer f.Close()
//	v, ok := f.Tensor("wte.weight")
//	w, err := v.Float32s() // v.Shape says how to read it
//
// [View.Float32s] shares the file's memory when it can, so it costs nothing;
// for types other than F32 it converts. [View.ReadFloat32s] fills a slice of the
// caller's, [Values] gives the values in their own type, [View.Rows] a range of
// rows, and [View.ReadAt] any bytes.
//
// The parser is strict, as files come from strangers. Whatever breaks a rule of
// the format is refused with a [FormatError] that names the file, the tensor and
// the [Rule]; memory used is bounded by a small multiple of the header's true
// size, whatever numbers stand in it. Beyond what the reference implementation
// refuses, this package refuses a name that is given twice (also when the two
// are spelled differently with JSON escapes), which readers resolve differently,
// fields that the format does not know, metadata that is null, white space
// before the header, and anything but spaces after it.
//
// # Ownership, and files that change
//
// Views of a mapped file are valid until [File.Close]; their bytes are
// read-only, and writing to them faults. Nobody may shorten or change a file
// that others have mapped: replace it by rename, as [Create] does. If someone
// does so anyway, the operating system answers an access beyond the file's end
// with a signal (SIGBUS) that would end the program. Methods that read or
// convert (ReadFloat32s, Float32s when it converts, ReadAt, Bytes of an unmapped
// file) turn it into an error; slices that share the mapping cannot be guarded
// after they were handed out. Where files are not trusted to stay, use
// [OpenUnmapped]: a read past the end is then an ordinary error.
//
// # Writing
//
// [Write] streams to an io.Writer and [Create] makes a file that is complete or
// absent. The bytes are a function of the content alone, and the same ones that
// the reference implementation writes: tensors by type in descending order, then
// by name; the header padded with spaces to a multiple of eight bytes, so that
// every tensor lies at a multiple of its element's size. Of metadata the
// reference writes the keys in random order; here they are sorted.
//
// # Numbers
//
// Every value of F16, BF16 and the F8 types is a float32, so converting them is
// exact. F8_E4M3 has no infinities and its largest value is 448; F8_E5M2 has
// them, with a largest finite value of 57344; the FNUZ types have one NaN and no
// negative zero; F8_E8M0 is a power of two, used as a scale. F64 rounds to the
// nearest float32. The format does not say how elements of F4 and F6 lie within
// bytes, so these are handled as bytes only; their tensors must fill whole bytes.
package safetensors
