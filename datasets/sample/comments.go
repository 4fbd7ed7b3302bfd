package sample

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// comments is the documentation of a Go file: of its package and of what it
// exports, in order, a blank line between; "" if it has none.
func comments(name string, src []byte) string {
	file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "" // a file of another language version
	}
	docs := []string{file.Doc.Text()}
	for _, decl := range file.Decls {
		docs = append(docs, declDocs(decl)...)
	}
	var kept []string
	for _, doc := range docs {
		if doc = strings.TrimSpace(doc); doc != "" {
			kept = append(kept, doc)
		}
	}
	return strings.Join(kept, "\n\n")
}

func declDocs(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) {
			return []string{d.Doc.Text()}
		}
	case *ast.GenDecl:
		docs := []string{d.Doc.Text()}
		exported := false
		for _, spec := range d.Specs {
			doc, ok := specDoc(spec)
			docs = append(docs, doc)
			exported = exported || ok
		}
		if exported {
			return docs
		}
	}
	return nil
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// specDoc is the comment of one name of a declaration, if it is exported.
func specDoc(spec ast.Spec) (doc string, exported bool) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			return s.Doc.Text(), true
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() {
				return s.Doc.Text(), true
			}
		}
	}
	return "", false
}
