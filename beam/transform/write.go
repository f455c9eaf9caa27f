package transform

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/report"
	"github.com/textlstm/textlstm/report/answers"
)

func init() {
	registerTypes(shardFn{}, writeFn{}, reportFn{})
	beam.RegisterFunction(refuse)
}

// A Sink says where answers go.
type Sink struct {
	// Prefix begins the names of the files, of any file system that the program has
	// registered with Beam: PREFIX-00000-of-00004.jsonl and so on.
	Prefix string

	// Format is jsonl, csv, tsv or parquet; "" means jsonl. Records are those that the
	// command writes.
	Format string

	// Shards is the most files that there are; 0 means 1. A shard that gets no row, as where
	// there are few, has no file. A worker holds one of them in memory.
	Shards int

	Classifier Classifier // that gave the answers
	Keep       bool       // write the fields of the rows too, before the answers
	Probs      bool       // columns for the probabilities of all labels in tables
	Errors     bool       // a column for errors in tables, as JSON has it where there is one
}

// formats of a Sink.
var formats = []string{"jsonl", "csv", "tsv", "parquet"}

// Validate reports what is wrong with k.
func (k *Sink) Validate() error {
	switch {
	case k.Prefix == "":
		return errors.New("transform: a sink without a prefix")
	case k.Format != "" && !slices.Contains(formats, k.Format):
		return fmt.Errorf("transform: sink of format %q, want one of %q", k.Format, formats)
	case k.Shards < 0:
		return fmt.Errorf("transform: sink of %d shards, want 0 or more", k.Shards)
	}
	return nil
}

// Write writes answers, blocks of rows by turns into the shards, each in the order of the
// rows: so one shard is what the command writes, and an engine that does a shard again
// writes the same bytes. A shard has its name when it is complete, where the file system can
// rename.
func Write(s beam.Scope, k Sink, all beam.PCollection) {
	s = s.Scope("textlstm.Write")
	if err := k.Validate(); err != nil {
		panic(err)
	}
	k.Shards = max(k.Shards, 1)
	if k.Format == "" {
		k.Format = "jsonl"
	}
	byShard := beam.ParDo(s, &shardFn{Shards: int32(k.Shards)}, all)
	beam.ParDo0(s, &writeFn{Sink: k}, beam.GroupByKey(s, byShard))
}

// shardFn says which shard an answer is for.
type shardFn struct{ Shards int32 }

// shardRows is how many rows of a file that follow one another go the same way.
const shardRows = 1000

func (f *shardFn) ProcessElement(a Answer, emit func(int32, Answer)) {
	emit(int32((int64(a.Source)+(a.Number-1)/shardRows)%int64(f.Shards)), a)
}

type writeFn struct{ Sink Sink }

func (f *writeFn) ProcessElement(ctx context.Context, shard int32, each func(*Answer) bool) error {
	var all []Answer
	for a := (Answer{}); each(&a); a = (Answer{}) {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Answer) int { return a.before(&b.Row) })
	m, o, err := f.Sink.Classifier.load(ctx)
	if err != nil {
		return err
	}
	o.Keep = f.Sink.Keep
	table := answers.Options{Options: o, Probs: f.Sink.Probs, Errors: f.Sink.Errors}
	name := fmt.Sprintf("%s-%05d-of-%05d.%s", f.Sink.Prefix, shard, f.Sink.Shards, f.Sink.Format)
	return replace(ctx, name, func(w io.Writer) error {
		heads := o.Pick(m.Heads())
		if f.Sink.Format == "parquet" {
			return writeParquet(w, all, heads, table)
		}
		return writeText(answers.NewWriter(w, report.Style(f.Sink.Format), m.Heads(), table), all, heads)
	})
}

// writeText writes records as the command does.
func writeText(out answer.Writer, all []Answer, heads []classify.Head) error {
	for i := range all {
		if err := out.Write(all[i].record(heads)); err != nil {
			return err
		}
	}
	return out.Close()
}

// replace writes a file under another name first, which is gone after an error.
func replace(ctx context.Context, name string, write func(io.Writer) error) error {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fs.Close()
	_, renames := fs.(filesystem.Renamer)
	temp := name
	if renames {
		temp = fmt.Sprintf("%s.%s.part", name, rand.Text())
	}
	f, err := fs.OpenWrite(ctx, temp)
	if err != nil {
		return err
	}
	buf := bufio.NewWriterSize(f, 1<<20)
	if err = write(buf); err == nil {
		err = buf.Flush()
	}
	err = errors.Join(err, f.Close())
	if err == nil && renames {
		err = filesystem.Rename(ctx, fs, temp, name)
	}
	if remover, ok := fs.(filesystem.Remover); ok && renames && err != nil {
		remover.Remove(context.WithoutCancel(ctx), temp)
	}
	return err
}

// WriteReport writes the one report of Evaluate or CrossValidate to a file.
func WriteReport(s beam.Scope, name string, report beam.PCollection) {
	beam.ParDo0(s.Scope("textlstm.WriteReport"), &reportFn{Name: name}, report)
}

type reportFn struct{ Name string }

func (f *reportFn) ProcessElement(ctx context.Context, text string) error {
	return replace(ctx, f.Name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// Refuse fails the pipeline with the first of answers that say why a row could not be read.
func Refuse(s beam.Scope, bad beam.PCollection) {
	beam.ParDo0(s.Scope("textlstm.Refuse"), refuse, bad)
}

func refuse(a Answer) error { return errors.New(a.Error) }
