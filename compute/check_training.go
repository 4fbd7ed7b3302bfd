package compute

func checkAdamW(d *Device, p, m, v, g *Tensor, o AdamWOptions) {
	checkSame("AdamW", d, p, m, v, g)
	if o.Step < 1 {
		fail("AdamW", "step %d is below 1", o.Step)
	}
}

func checkNormOf(d *Device, xs []*Tensor) {
	need("GlobalNorm", d, xs...)
	typed("GlobalNorm", F32, xs...)
}

func checkSample(d *Device, tokens, x *Tensor, o SampleOptions) {
	const op = "Sample"
	need(op, d, tokens, x)
	typed(op, I32, tokens)
	typed(op, F32, x)
	perRow(op, x, tokens)
	if len(o.IDs) != tokens.len || len(o.Steps) != tokens.len {
		fail(op, "%d ids and %d steps for %v", len(o.IDs), len(o.Steps), x.shape)
	}
	if !(o.Temperature >= 0) || o.TopK < 0 {
		fail(op, "temperature %g, top %d", o.Temperature, o.TopK)
	}
	if x.rowLen() == 0 && tokens.len > 0 {
		fail(op, "no classes in %v", x.shape)
	}
}

func checkGram(d *Device, dst, x *Tensor) (m, n int) {
	const op = "Gram"
	need(op, d, dst, x)
	typed(op, F64, dst)
	typed(op, F32, x)
	if len(x.shape) != 2 || len(dst.shape) != 2 || dst.shape[0] != x.shape[1] || dst.shape[1] != x.shape[1] {
		fail(op, "dst %v for x %v", dst.shape, x.shape)
	}
	return x.shape[0], x.shape[1]
}

func checkCovariance(d *Device, mean, cov, x *Tensor) (m, n int) {
	m, n = checkGram(d, cov, x)
	need("Covariance", d, mean)
	typed("Covariance", F64, mean)
	if mean.len != n {
		fail("Covariance", "mean %v for x %v", mean.shape, x.shape)
	}
	return m, n
}

func checkEigh(d *Device, values, vectors, a *Tensor) (n int) {
	const op = "Eigh"
	need(op, d, values, vectors, a)
	typed(op, F64, values, vectors, a)
	equal(op, a, vectors)
	if len(a.shape) != 2 || a.shape[0] != a.shape[1] || values.len != a.shape[0] {
		fail(op, "values %v, vectors %v, a %v", values.shape, vectors.shape, a.shape)
	}
	return a.shape[0]
}

func checkSVD(d *Device, u, s, v, a *Tensor) (m, n int) {
	const op = "SVD"
	need(op, d, u, s, v, a)
	typed(op, F64, u, s, v, a)
	if len(a.shape) != 2 || len(u.shape) != 2 || len(v.shape) != 2 {
		fail(op, "u %v, s %v, v %v, a %v", u.shape, s.shape, v.shape, a.shape)
	}
	m, n = a.shape[0], a.shape[1]
	r := min(m, n)
	if u.shape[0] != m || u.shape[1] != r || s.len != r || v.shape[0] != n || v.shape[1] != r {
		fail(op, "u %v, s %v, v %v, a %v", u.shape, s.shape, v.shape, a.shape)
	}
	apart(op, u, a, v)
	apart(op, v, a)
	return m, n
}

func checkKMeans(d *Device, idx, dist, x, centroids *Tensor) (k, n int) {
	const op = "KMeansAssign"
	need(op, d, idx, dist, x, centroids)
	typed(op, I32, idx)
	typed(op, F32, dist, x, centroids)
	if len(x.shape) != 2 || len(centroids.shape) != 2 || x.shape[1] != centroids.shape[1] || idx.len != x.shape[0] || dist.len != x.shape[0] {
		fail(op, "idx %v, dist %v, x %v, centroids %v", idx.shape, dist.shape, x.shape, centroids.shape)
	}
	if centroids.shape[0] == 0 {
		fail(op, "no centroids in %v", centroids.shape)
	}
	return centroids.shape[0], centroids.shape[1]
}

func checkMinHash(d *Device, signatures, counts, data, offsets *Tensor) {
	const op = "MinHash"
	need(op, d, signatures, counts, data, offsets)
	typed(op, U32, signatures)
	typed(op, I32, counts, offsets)
	typed(op, U8, data)
	n := counts.len
	if offsets.len != n+1 || signatures.len != n*MinHashSize {
		fail(op, "signatures %v, counts %v, offsets %v", signatures.shape, counts.shape, offsets.shape)
	}
}
