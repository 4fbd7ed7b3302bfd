// Package exact defines the arithmetic of exact mode, which every
// implementation of the kernels follows operation by operation: C for each
// instruction set, Go, and CUDA without tensor cores.
//
// Exactness rests on four rules.
//
//   - A product that is added to something is one fused multiply-add in float32
//     ([FMA]). Other operations are single IEEE 754 operations, rounded to
//     nearest, ties to even, with subnormal numbers kept.
//   - A matrix product is one chain of fused multiply-adds an element, in
//     ascending order of the summation index: chain(i) = FMA(a[i], b[i],
//     chain(i-1)). Tiles, blocks, batches and threads do not change it.
//   - A sum along an axis has [Lanes] partial sums: element i is added to
//     partial i mod Lanes in ascending order of i, and the partials are added
//     pairwise, those Lanes/2 apart first, down to one ([Sum], [Dot]).
//   - The functions of one variable are polynomials of our own ([Exp], [Log],
//     [Tanh] and what is made of them), not those of a libm.
//
// So a result does not depend on how many rows are computed at once, how many
// threads do it, or on which machine. NaNs are equal whatever their payload.
package exact
