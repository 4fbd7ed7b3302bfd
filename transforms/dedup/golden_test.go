package dedup

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sharedData returns the folder of reference data beside the module, or skips.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	check(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "golden")); err != nil {
		t.Skip("no reference data in ../shared/data beside the module")
	}
	return data
}

func eachLine(t testing.TB, path string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(path)
	check(t, err)
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		in, err = gzip.NewReader(file)
		check(t, err)
	}
	lines := bufio.NewReaderSize(in, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			f(line)
		}
		if err == io.EOF {
			return
		}
		check(t, err)
	}
}

// referenceDocs reads the documents of the reference, in its order.
func referenceDocs(t testing.TB, data string) []testDoc {
	t.Helper()
	var docs []testDoc
	for _, name := range []string{
		"docs/docs_dev.jsonl.gz", "web_labelled/agreement_data.jsonl", "web/cc_en_head-0091.jsonl",
		"udhr/udhr_dev.jsonl.gz", "golden/edge_dev.jsonl.gz",
	} {
		eachLine(t, filepath.Join(data, name), func(line []byte) {
			var row struct{ Text string }
			check(t, json.Unmarshal(line, &row))
			docs = append(docs, testDoc{text: row.Text, size: int64(len(row.Text)), keep: true})
		})
	}
	return docs
}

// TestGoldenClusters compares the clusters of 2,620 documents with those of
// datatrove's four-stage pipeline: as partitions, because its clusters have
// arbitrary numbers. A cluster here is named by its first row.
func TestGoldenClusters(t *testing.T) {
	data := sharedData(t)
	docs := referenceDocs(t, data)
	for scheme, name := range map[string]string{"datatrove-xxh64-64": "xxhash64", "datatrove-sha1-64": "sha1_64"} {
		t.Run(scheme, func(t *testing.T) {
			want, removed := goldenClusters(t, data, name)
			opt := Options{Scheme: scheme, Survivor: SurvivorFirst}
			h := opt.scheme().New()
			for i := range docs {
				docs[i].sig = nil
				if sig, ok := h.Signature(nil, docs[i].text); ok {
					docs[i].sig = sig
				}
			}
			out, res, _ := newTestLake().near(t, docs, opt, how{shards: 3, units: 7, workers: 2, seed: 5, taskEdges: 500})
			got, duplicates := map[int]int{}, 0
			for _, o := range out {
				got[int(o.Row&(1<<40-1))] = int(o.Cluster & (1<<40 - 1))
				if o.DuplicateOf != 0 {
					duplicates++
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("row: cluster (-want +got):\n%s", diff)
			}
			if duplicates != removed {
				t.Errorf("%d duplicates, want %d as the reference removes", duplicates, removed)
			}
			t.Logf("%d clusters, %d duplicates, %d rounds", res.Clusters, duplicates, res.Rounds)
		})
	}
}

// goldenClusters returns the first row of each clustered row's cluster, and how
// many rows the reference removes.
func goldenClusters(t testing.TB, data, scheme string) (clusters map[int]int, removed int) {
	t.Helper()
	clusters = map[int]int{}
	first := map[int]int{}
	row := 0
	eachLine(t, filepath.Join(data, "golden", "minhash.jsonl.gz"), func(line []byte) {
		var doc map[string]json.RawMessage
		check(t, json.Unmarshal(line, &doc))
		var v struct {
			Removed bool
			Cluster int
		}
		v.Cluster = -1
		if raw := doc[scheme]; raw != nil {
			check(t, json.Unmarshal(raw, &v))
		}
		if v.Cluster >= 0 {
			if _, ok := first[v.Cluster]; !ok {
				first[v.Cluster] = row
			}
			clusters[row] = first[v.Cluster]
		}
		if v.Removed {
			removed++
		}
		row++
	})
	return clusters, removed
}
