package parquetio

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// rowGroup shows a row group to parquet-go's row readers through our page
// reader.
type rowGroup struct {
	parquet.RowGroup
	file  *File
	index int
}

func (g *rowGroup) Rows() parquet.Rows { return parquet.NewRowGroupRowReader(g) }

func (g *rowGroup) ColumnChunks() []parquet.ColumnChunk {
	chunks := make([]parquet.ColumnChunk, 0, len(g.file.columns))
	for _, c := range g.RowGroup.ColumnChunks() {
		chunks = append(chunks, &columnChunk{ColumnChunk: c, group: g})
	}
	return chunks
}

type columnChunk struct {
	parquet.ColumnChunk
	group *rowGroup
}

func (c *columnChunk) Pages() parquet.Pages {
	return &pages{newPageReader(c.group.file, c.group.index, c.Column())}
}

// pages is a pageReader from the first page on.
type pages struct{ r *pageReader }

func (p *pages) ReadPage() (parquet.Page, error) {
	if p.r == nil {
		return nil, io.EOF
	}
	page, err := p.r.next()
	if err != nil {
		return nil, err
	}
	return page.Page, nil
}

// SeekToRow is called with 0 before the first page only.
func (p *pages) SeekToRow(row int64) error {
	if row != 0 {
		panic("parquetio: rows are read from the start of a row group")
	}
	p.r.seek(chunkStart(p.r.meta), windowBytes)
	return nil
}

func (p *pages) Close() error {
	p.r = nil
	return nil
}
