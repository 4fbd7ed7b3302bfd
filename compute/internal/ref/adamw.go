package ref

import "math"

// AdamW is the constants of a step of the optimiser; Step counts from 1.
type AdamW struct {
	LR, Beta1, Beta2, Eps, WeightDecay float64
	Step                               int
}

// Update is one step of algorithm 2 of Loshchilov and Hutter 2019: the new
// parameters and moments.
func (a AdamW) Update(p, m, v, grad []float64) (newP, newM, newV []float64) {
	newP, newM, newV = make([]float64, len(p)), make([]float64, len(p)), make([]float64, len(p))
	for i, g := range grad {
		newM[i] = a.Beta1*m[i] + (1-a.Beta1)*g
		newV[i] = a.Beta2*v[i] + (1-a.Beta2)*g*g
		mhat := newM[i] / (1 - math.Pow(a.Beta1, float64(a.Step)))
		vhat := newV[i] / (1 - math.Pow(a.Beta2, float64(a.Step)))
		newP[i] = p[i] - a.LR*(mhat/(math.Sqrt(vhat)+a.Eps)+a.WeightDecay*p[i])
	}
	return newP, newM, newV
}
