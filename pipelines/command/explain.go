package command

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chimera-1/chimera/datasets"
	"github.com/chimera-1/chimera/datasets/formats"
	"github.com/chimera-1/chimera/pipelines/config"
	"github.com/chimera-1/chimera/transforms/dedup/minhash"
	"github.com/chimera-1/chimera/transforms/text"
)

// shown are the names that --show knows.
var shown = []string{"tokens", "sentences", "simplified", "shingles", "minhash"}

type explainFlags struct {
	inputFlags
	show   []string
	scheme string
	human  bool
}

func (a *app) explain() *cobra.Command {
	var x explainFlags
	cmd := &cobra.Command{
		Use:     "explain",
		GroupID: groupLook,
		Short:   "Say what every filter thinks of given documents, and why",
		Long: `Explain judges documents without a lake. Each line of its output has, for one
document, the decision of each filter alone, what the profile as a whole decides
(chain), and every figure that the decisions rest on.`,
		Example: `  echo '{"id":"a","text":"Too short."}' | chimera explain --input -
  chimera explain --input notes.md --human
  chimera explain --input posts.jsonl --profile c4 --show tokens,minhash`,
		Args:        cobra.NoArgs,
		Annotations: exits(exitsFailed, exitsInterrupted),
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.runExplain(cmd, &x) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	x.inputFlags.add(f)
	a.configFlag(f, "profile", "curate.profile", "filters of the chain: `PROFILE` fineweb, gopher, c4, technical or none (default fineweb)")
	f.Var(setFlag{a}, "set", "any key of the configuration, as in curate.thresholds.gopher_quality.min_doc_words=9; repeats")
	f.StringSliceVar(&x.show, "show", nil, "`LIST` of what to add: "+strings.Join(shown, ","))
	f.StringVar(&x.scheme, "minhash", "datatrove-sha1-64", "add signatures of `SCHEME` "+strings.Join(minhash.Names(), ", "))
	f.BoolVar(&x.human, "human", false, "print tables for people instead of JSON Lines")
	return cmd
}

func (a *app) runExplain(cmd *cobra.Command, x *explainFlags) error {
	if err := x.layer(a, cmd); err != nil {
		return err
	}
	scheme, err := minhash.Lookup(x.scheme)
	if err != nil {
		return usagef("--minhash: %w", err)
	}
	if cmd.Flags().Changed("minhash") && !slices.Contains(x.show, "minhash") {
		x.show = append(x.show, "minhash")
	}
	for _, s := range x.show {
		if !slices.Contains(shown, s) {
			return usagef("--show: %q is none of %s%s", s, strings.Join(shown, ", "), config.DidYouMean(s, shown))
		}
	}
	l, err := a.load()
	if err != nil {
		return err
	}
	if len(l.Inputs) == 0 {
		return usagef("--input: required")
	}
	e := &explainer{app: a, flags: x, profile: l.Curate.TextProfile(), scheme: scheme, hasher: scheme.New()}
	e.analyzer = text.NewAnalyzer(e.profile.Lines)
	e.options = formats.Options{MaxRowBytes: int64(l.Curate.MaxRowBytes), RejectDamagedFile: l.Curate.Damaged == "reject-file"}
	for _, in := range l.Inputs {
		if err := e.input(cmd.Context(), in); err != nil {
			return err
		}
	}
	return nil
}

// explained is a line of output.
type explained struct {
	File string `json:"file"`
	Row  int64  `json:"row"`
	ID   string `json:"id"`
	*text.Explanation
	Tokens     *[]string `json:"tokens,omitempty"`
	Sentences  *[]string `json:"sentences,omitempty"`
	Simplified *string   `json:"simplified,omitempty"`
	Shingles   *[]string `json:"shingles,omitempty"`
	MinHash    *hashed   `json:"minhash,omitempty"`
}

// hashed is a signature; values are decimal strings, since JSON readers lose
// integers above 2^53.
type hashed struct {
	Scheme string   `json:"scheme"`
	Values []string `json:"values"` // null: too few words for a signature
}

// explainer explains the rows of inputs in order.
type explainer struct {
	app      *app
	flags    *explainFlags
	profile  text.Profile
	scheme   minhash.Scheme
	hasher   *minhash.Hasher
	analyzer *text.Analyzer
	options  formats.Options
	sig      []byte
}

func (e *explainer) input(ctx context.Context, in config.Input) error {
	opt := e.options
	opt.Fields = formats.FieldMap(in.Fields)
	if in.Glob == "-" {
		r, err := formats.OpenStream("-", e.app.In, formats.JSONL, opt)
		if err != nil {
			return err
		}
		return e.rows(ctx, "-", r)
	}
	files, err := formats.List(ctx, []string{in.Glob}, false)
	if err != nil {
		return err
	}
	for _, f := range files {
		r, err := formats.Unit{Input: f}.Open(ctx, opt)
		if err != nil {
			return err
		}
		if err := e.rows(ctx, f.Path, r); err != nil {
			return err
		}
	}
	return nil
}

func (e *explainer) rows(ctx context.Context, file string, r formats.Reader) (err error) {
	defer func() {
		if _, cerr := r.Close(); err == nil {
			err = cerr
		}
	}()
	for {
		row, reject, err := r.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case reject != nil:
			warnReject(reject)
			continue
		}
		out := e.explain(file, row)
		if e.flags.human {
			e.app.human(out, string(row.Text))
		} else if err := e.app.printJSON(out); err != nil {
			return err
		}
	}
}

// warnReject tells of a row that is no document.
func warnReject(r *datasets.Reject) {
	slog.Warn(fmt.Sprintf("%s: %s: %s in %s", r.Row, r.Stage, r.Reason, r.Excerpt))
}

func (e *explainer) explain(file string, row *formats.Row) explained {
	s := string(row.Text)
	out := explained{File: file, Row: row.Number, ID: row.ID, Explanation: e.analyzer.Explain(e.profile, s)}
	if out.ID == "" {
		h := text.ContentHash(s)
		out.ID = hex.EncodeToString(h[:])
	}
	for _, what := range e.flags.show {
		switch what {
		case "tokens":
			v := e.analyzer.Tokens(s)
			out.Tokens = &v
		case "sentences":
			v := e.analyzer.Sentences(s)
			out.Sentences = &v
		case "simplified":
			v := text.Simplified(s)
			out.Simplified = &v
		case "shingles":
			v := e.hasher.ShingleStrings(s)
			out.Shingles = &v
		case "minhash":
			out.MinHash = e.hash(s)
		}
	}
	return out
}

// littleEndian is the unsigned number in b.
func littleEndian(b []byte) uint64 {
	var v uint64
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func (e *explainer) hash(s string) *hashed {
	h := &hashed{Scheme: e.scheme.Name}
	var ok bool
	if e.sig, ok = e.hasher.Signature(e.sig[:0], s); ok {
		for v := range slices.Chunk(e.sig, e.scheme.Width()) {
			h.Values = append(h.Values, strconv.FormatUint(littleEndian(v), 10))
		}
	}
	return h
}
