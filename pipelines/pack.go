package pipelines

import (
	"context"
	"fmt"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/lake"
	"github.com/chimera-1/chimera/datasets/parquetio"
	"github.com/chimera-1/chimera/datasets/store"
	"github.com/chimera-1/chimera/transforms/lakeio"
)

// fileBytes is the size that table files grow to: large enough for engines
// that pay by the file, small enough to be read again when one is damaged.
const fileBytes = 384 << 20

// maxPacked is the most unit files in a table file: all are open at once.
const maxPacked = 1000

type packTask struct {
	Table  string
	Number int      // of the pack within the table, for its file's name
	Inputs []string // unit files, in row order
	Tag    string
}

type packResult struct{ File lake.DataFile }

// packStage copies unit files, row group by row group and without decoding
// them, into one file of the table.
func packStage(ctx context.Context, env lakeio.Env, t packTask) (packResult, error) {
	path := lake.DataPath(t.Table, fmt.Sprintf("%s-%05d-%s", t.Tag, t.Number, env.Attempt))
	var pack func(context.Context, lakeio.Env, packTask, string) (parquetio.Info, error)
	switch t.Table {
	case datasets.TableDocuments:
		pack = packInto[datasets.Document]
	case datasets.TableDecisions:
		pack = packInto[datasets.Decision]
	case datasets.TableTraining:
		pack = packInto[datasets.Training]
	case datasets.TableBands:
		pack = packInto[datasets.Band]
	case datasets.TableRejects:
		pack = packInto[datasets.Reject]
	case datasets.TableTombstones:
		pack = packInto[datasets.Tombstone]
	default:
		panic("pipelines: no rows to pack for table " + t.Table)
	}
	info, err := pack(ctx, env, t, path)
	if err != nil {
		return packResult{}, err
	}
	return packResult{lake.NewDataFile(path, info)}, nil
}

func packInto[T any](ctx context.Context, env lakeio.Env, t packTask, path string) (info parquetio.Info, err error) {
	sources := make([]*parquetio.File, len(t.Inputs))
	for i, in := range t.Inputs {
		o, err := env.Store.Open(ctx, in)
		if err != nil {
			return info, err
		}
		defer o.Close()
		if sources[i], err = parquetio.Open(o, o.Size()); err != nil {
			return info, fmt.Errorf("%s: %w", in, err)
		}
	}
	out, err := env.Store.Create(ctx, path, store.Condition{IfAbsent: true})
	if err != nil {
		return info, err
	}
	defer out.Abort()
	if info, err = parquetio.Pack[T](out, sources, parquetio.WriterOptions{}); err != nil {
		return info, fmt.Errorf("write %s: %w", path, err)
	}
	_, err = out.Commit(ctx)
	return info, err
}

// pack turns unit files into table files.
func (r *run) pack(ctx context.Context, byTable map[string][]unitFile) (map[string][]lake.DataFile, error) {
	var tasks []packTask
	for _, table := range packOrder {
		tasks = append(tasks, packTasks(table, r.plan.tag(), byTable[table])...)
	}
	results, err := stage[packTask, packResult](ctx, r, "pack", 0, tasks, nil)
	if err != nil {
		return nil, err
	}
	out := map[string][]lake.DataFile{}
	for i, res := range results {
		out[tasks[i].Table] = append(out[tasks[i].Table], res.File)
	}
	return out, nil
}

// packOrder is the order in which tables are packed: the largest first.
var packOrder = []string{datasets.TableDocuments, datasets.TableTraining, datasets.TableBands, datasets.TableDecisions, datasets.TableTombstones, datasets.TableRejects}

// packTasks groups a table's unit files, in order, into files of fileBytes.
func packTasks(table, tag string, files []unitFile) []packTask {
	var tasks []packTask
	size := int64(0)
	for _, f := range files {
		if f.Rows == 0 {
			continue
		}
		if len(tasks) == 0 || size+f.Bytes > fileBytes || len(tasks[len(tasks)-1].Inputs) == maxPacked {
			tasks = append(tasks, packTask{Table: table, Number: len(tasks), Tag: tag})
			size = 0
		}
		t := &tasks[len(tasks)-1]
		t.Inputs = append(t.Inputs, f.Path)
		size += f.Bytes
	}
	return tasks
}
