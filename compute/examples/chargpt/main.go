// Command chargpt trains a small GPT on the characters of a text, and writes
// text like it. It is the worked example of package compute: a whole training in
// a few hundred lines, with checkpoints that a killed run goes on from.
//
//	chimera sample text --out sample
//	go run ./compute/examples/chargpt --text sample --weights-out model.safetensors
//	go run ./compute/examples/chargpt --weights-in model.safetensors --steps 0 --prompt "func "
//
// The same flags and the same text give the same losses and weights, bit for bit,
// on every machine, whether the run was interrupted or not.
//
// The files of --init-out, --tokens and --order are what
// infra/bench/torch/chargpt.py trains from, so that PyTorch starts from the same
// weights and sees the same data.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/chimera-1/chimera/compute"
	"github.com/chimera-1/chimera/compute/nn"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "chargpt:", err)
		os.Exit(1) //nolint:forbidigo // the status of a program
	}
}

// options are the flags.
type options struct {
	text, device  string
	threads       int
	memory        int64
	vocabulary    int
	model         nn.GPTConfig
	steps, batch  int
	lr            float64
	warmup        int
	seed          uint64
	in, out, init string // weights
	tokens, order string
	losses        string
	checkpoints   string
	every, report int
	samples       int
	length, topK  int
	temperature   float64
	prompt        string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("chargpt", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.text, "text", "", "what to learn: a .txt, .md or .jsonl file (also .gz, .zst), or a folder of them")
	f.StringVar(&o.device, "device", "cpu", "cpu, cuda:0 or auto")
	f.IntVar(&o.threads, "threads", 0, "threads of the CPU (default: all)")
	f.Int64Var(&o.memory, "memory", 0, "bytes that the training may take (default: no limit)")
	f.IntVar(&o.vocabulary, "vocabulary", 96, "the most frequent characters that are kept, up to 256")
	f.IntVar(&o.model.Context, "context", 128, "characters of a sequence")
	f.IntVar(&o.model.Width, "width", 128, "of a character's vector")
	f.IntVar(&o.model.Layers, "layers", 4, "blocks of the model")
	f.IntVar(&o.model.Heads, "heads", 4, "of the attention")
	f.IntVar(&o.steps, "steps", 1000, "steps of the training; 0 only samples")
	f.IntVar(&o.batch, "batch", 16, "sequences of a step")
	f.Float64Var(&o.lr, "lr", 1e-3, "highest learning rate")
	f.IntVar(&o.warmup, "warmup", 20, "steps until then; a cosine falls to a tenth afterwards")
	f.Uint64Var(&o.seed, "seed", 1, "of the weights, the order and the samples")
	f.StringVar(&o.in, "weights-in", "", "start from this .safetensors file, whose model it is")
	f.StringVar(&o.init, "init-out", "", "write the weights before the first step")
	f.StringVar(&o.out, "weights-out", "", "write the weights after the last step")
	f.StringVar(&o.tokens, "tokens", "", "write the text as tokens, a byte each")
	f.StringVar(&o.order, "order", "", "write where the sequences of each step start, a line a step")
	f.StringVar(&o.losses, "json", "", "write a line of JSON for each step")
	f.StringVar(&o.checkpoints, "checkpoints", "", "folder of checkpoints; a run goes on from the last one")
	f.IntVar(&o.every, "every", 100, "steps between checkpoints")
	f.IntVar(&o.report, "report", 10, "steps between lines of progress")
	f.IntVar(&o.samples, "samples", 2, "texts to write at the end")
	f.IntVar(&o.length, "length", 0, "characters of a sample (default: as many as the context has left)")
	f.Float64Var(&o.temperature, "temperature", 0.8, "of the samples; 0 takes the likeliest character")
	f.IntVar(&o.topK, "top-k", 0, "take one of the k likeliest characters (default: of all)")
	f.StringVar(&o.prompt, "prompt", "\n", "what samples begin with")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.validate(f.Args())
}

func (o *options) validate(rest []string) error {
	o.model.Seed = o.seed
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown arguments %q", rest)
	case o.text == "" && (o.steps > 0 || o.in == ""):
		return fmt.Errorf("--text is needed, or --weights-in with --steps 0")
	case o.vocabulary < 1 || o.vocabulary > 256:
		return fmt.Errorf("--vocabulary %d is not from 1 to 256", o.vocabulary)
	case o.steps < 0 || o.batch < 1 || o.warmup < 0 || o.every < 1 || o.report < 1 || o.samples < 0 || o.length < 0:
		return fmt.Errorf("numbers of steps, sequences and characters must be positive")
	case !(o.lr >= 0) || !(o.temperature >= 0) || o.topK < 0:
		return fmt.Errorf("--lr, --temperature and --top-k must not be negative")
	}
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	d, err := compute.Open(o.device, compute.Options{Threads: o.threads, Memory: o.memory})
	if err != nil {
		return err
	}
	defer func() {
		if e := d.Close(); err == nil {
			err = e
		}
	}()
	m, err := open(d, &o)
	if err != nil {
		return err
	}
	defer m.gpt.Close()
	fmt.Fprintf(stderr, "%s (%s), %d threads: a model of %d parameters, %d characters\n",
		d.Name(), d.SIMD(), d.Threads(), m.gpt.Config.Parameters(), len(m.vocab))
	if o.steps > 0 {
		if err := train(ctx, d, m, o, stderr); err != nil {
			return err
		}
	}
	if o.out != "" {
		if err := m.save(o.out); err != nil {
			return err
		}
	}
	return sample(ctx, m, o, stdout)
}
