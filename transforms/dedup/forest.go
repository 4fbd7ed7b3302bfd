package dedup

import "math/bits"

// forest is a union-find structure over nodes in which the smallest node of a
// component is its root. It numbers nodes by an open-addressing hash table.
type forest struct {
	slots  []int32 // number of the node + 1; 0: free
	nodes  []node
	parent []int32
}

// newForest makes room for about so many edges.
func newForest(edges int) *forest {
	size := 1 << bits.Len(uint(max(2*edges, 8)))
	return &forest{slots: make([]int32, size)}
}

// number returns the number of a node, giving it one if it is new.
func (f *forest) number(n node) int32 {
	mask := len(f.slots) - 1
	h := n * 0x9e3779b97f4a7c15 // Fibonacci hashing: the top bits are the good ones
	for i := int(h >> (64 - bits.Len(uint(mask)))); ; i++ {
		slot := &f.slots[i&mask]
		if *slot == 0 {
			if 4*len(f.nodes) >= 3*len(f.slots) {
				f.grow()
				return f.number(n)
			}
			f.nodes = append(f.nodes, n)
			f.parent = append(f.parent, int32(len(f.parent)))
			*slot = int32(len(f.nodes))
			return *slot - 1
		}
		if f.nodes[*slot-1] == n {
			return *slot - 1
		}
	}
}

func (f *forest) grow() {
	f.slots = make([]int32, 2*len(f.slots))
	mask := len(f.slots) - 1
	for number, n := range f.nodes {
		i := int(n * 0x9e3779b97f4a7c15 >> (64 - bits.Len(uint(mask))))
		for f.slots[i&mask] != 0 {
			i++
		}
		f.slots[i&mask] = int32(number + 1)
	}
}

// find returns the root of a numbered node, halving the path to it.
func (f *forest) find(i int32) int32 {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

// join puts two nodes into one component.
func (f *forest) join(a, b node) {
	x, y := f.find(f.number(a)), f.find(f.number(b))
	switch {
	case f.nodes[x] < f.nodes[y]:
		f.parent[y] = x
	case f.nodes[y] < f.nodes[x]:
		f.parent[x] = y
	}
}

// each calls visit with every node and the smallest node of its component.
func (f *forest) each(visit func(n, root node)) {
	for i, n := range f.nodes {
		visit(n, f.nodes[f.find(int32(i))])
	}
}
