package ref

// Gather is rows ids of a table of rows of d numbers.
func Gather(table []float64, ids []int32, d int) []float64 {
	var y []float64
	for _, id := range ids {
		y = append(y, table[int(id)*d:(int(id)+1)*d]...)
	}
	return y
}

// ScatterAdd is the table with row i of src added to row ids[i]: the backward
// pass of [Gather] if the table is zero.
func ScatterAdd(table, src []float64, ids []int32, d int) []float64 {
	y := append([]float64(nil), table...)
	for i, id := range ids {
		for j := range d {
			y[int(id)*d+j] += src[i*d+j]
		}
	}
	return y
}
