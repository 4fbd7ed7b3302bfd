// Package linalg has the decompositions of package compute in plain float64, the
// same on every architecture: products that are added to something are converted
// explicitly, which keeps compilers from fusing them.
//
// Matrices are row-major. Within, a matrix whose columns are rotated or reflected
// is kept transposed, so that the loops run over contiguous numbers.
package linalg
