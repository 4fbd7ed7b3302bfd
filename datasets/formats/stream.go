package formats

import (
	"bytes"
	"errors"
	"io"
)

// sniffStream looks at the first bytes of a stream and gives them back.
func sniffStream(r io.Reader) (compression, io.Reader, error) {
	head := make([]byte, magicBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return plain, nil, err
	}
	head = head[:n]
	return sniff(head), io.MultiReader(bytes.NewReader(head), r), nil
}
