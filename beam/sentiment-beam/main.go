// Command sentiment-beam labels texts, and judges a model on labelled texts, on any runner
// of Apache Beam:
//
//	sentiment-beam classify --output out/answers reviews-*.jsonl
//	sentiment-beam classify --runner universal --endpoint localhost:8099 --environment_type PROCESS --output hdfs/answers reviews.jsonl
//	sentiment-beam eval --output report.json --output-format json test.tsv
//
// Without --runner it runs on Prism, which is in the program. The flags of a runner are
// Beam's. The program is its own worker: a runner that starts processes needs to know it
// alone, and --environment_type PROCESS without --environment_config names it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/textlstm/textlstm/beam/transform"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/classify/score"
	"github.com/textlstm/textlstm/corpora"
	"github.com/textlstm/textlstm/report"
)

// A job is what the flags ask for.
type job struct {
	source     transform.Source
	classifier transform.Classifier
	sink       transform.Sink
	dead       string
	evaluation transform.Evaluation
}

func main() {
	os.Args = append(os.Args[:1], workerArgs(os.Args[1:])...)
	verb := ""
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		verb = os.Args[1]
		os.Args = slices.Delete(os.Args, 1, 2)
	}
	var j job
	j.addFlags()
	flag.Parse()
	beam.Init() // a worker does not come back
	if self, err := os.Executable(); err == nil {
		beOwnWorker(self)
	}
	if err := j.run(context.Background(), verb, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "sentiment-beam:", err)
		os.Exit(1)
	}
}

// workerArgs are the flags of a worker where a runner has started this program as one, as
// the boot program of Beam's containers gives them. Flink names all endpoints; Prism names
// that of provisions, which serves them all, and puts quotes around the id.
func workerArgs(args []string) []string {
	value := map[string]string{}
	for _, a := range args {
		if name, v, ok := strings.Cut(strings.TrimLeft(a, "-"), "="); ok {
			value[name] = v
		}
	}
	provision := value["provision_endpoint"]
	if provision == "" {
		return args
	}
	endpoint := func(name string) string {
		if e := value[name]; e != "" {
			return e
		}
		return provision
	}
	id := strings.Trim(value["id"], "'")
	os.Setenv("WORKER_ID", id)
	return []string{"--worker", "--id=" + id, "--options={}",
		"--logging_endpoint=" + endpoint("logging_endpoint"), "--control_endpoint=" + endpoint("control_endpoint")}
}

// beOwnWorker has the runner start this program, or stage it, where no flag says otherwise:
// Beam would compile its main package anew, for Linux, and ask for a container.
func beOwnWorker(self string) {
	if *jobopts.EnvironmentConfig == "" && strings.EqualFold(*jobopts.EnvironmentType, "PROCESS") {
		b, _ := json.Marshal(map[string]string{"command": self}) // of strings it does not fail
		*jobopts.EnvironmentConfig = string(b)
	}
	if *jobopts.WorkerBinary == "" && runtime.GOOS == "linux" {
		*jobopts.WorkerBinary = self
	}
}

func (j *job) addFlags() {
	o := &j.source.Options
	flag.Func("format", "`format` of the files: "+strings.Trim(fmt.Sprint(corpora.Formats()), "[]")+" (default: by content and name)", func(s string) (err error) {
		o.Format, err = corpora.ParseFormat(s)
		return err
	})
	flag.BoolVar(&o.Lines, "lines", false, "one text per line of plain text")
	flag.StringVar(&o.Encoding, "encoding", "", "character `encoding` of the files (default: detect)")
	flag.BoolVar(&o.NoHeader, "no-header", false, "the first line of a table is a row")
	flag.Func("text-col", "`column` of the text; may be repeated", appendTo(&o.TextColumns))
	flag.StringVar(&o.IDColumn, "id-col", "", "`column` of the ids")
	flag.StringVar(&o.Separator, "label-sep", "", "`separator` of several labels in one cell")
	flag.Func("label-map", "rename labels: `from=to,...`", func(s string) (err error) {
		o.LabelMap, err = corpora.ParseLabelMap(s)
		return err
	})
	flag.Func("label-head", "eval: `name=column` of the labels of one head; may be repeated", func(s string) error {
		h, err := corpora.ParseHead(s)
		o.Heads = append(o.Heads, h)
		return err
	})
	flag.Int64Var(&j.source.BlockBytes, "block", 0, "`bytes` of a file of lines that are one piece of work (default 1 MiB)")
	flag.StringVar(&j.classifier.Model, "model", "", "model `file`, which every worker can read (default: the embedded model)")
	flag.Func("head", "only this `head`; may be repeated", appendTo(&j.classifier.Heads))
	flag.Float64Var(&j.classifier.Abstain, "abstain", 0, "give no label below this `probability`")
	flag.Float64Var(&j.classifier.Neutral, "neutral", 0, "neutral below this `probability`, where a head knows negative and positive alone")
	flag.BoolVar(&j.classifier.AnyLanguage, "any-language", false, "label texts of languages that the model does not read too")
	flag.StringVar(&j.sink.Prefix, "output", "", "`prefix` of the files to write, as out/answers")
	flag.StringVar(&j.sink.Format, "output-format", "jsonl", "jsonl, csv, tsv or parquet; of eval: json, table, md or html")
	flag.IntVar(&j.sink.Shards, "shards", 1, "at most this `number` of files, of which a worker holds one in memory; few rows make fewer")
	flag.BoolVar(&j.sink.Keep, "keep", false, "write the columns of the input too, before the answers")
	flag.BoolVar(&j.sink.Probs, "probs", false, "columns for the probabilities of all labels in tables")
	flag.StringVar(&j.dead, "dead-letters", "", "`prefix` of the files for rows that cannot be read (default: they are marked among the answers)")
	flag.StringVar(&j.evaluation.Head, "score", "", "eval: score this `head` only")
	flag.BoolVar(&j.evaluation.All, "all", false, "eval: every figure")
	flag.IntVar(&j.evaluation.Options.Resamples, "resamples", 1000, "eval: bootstrap resamples for the intervals; 0 for none")
	flag.Float64Var(&j.evaluation.Options.Level, "level", 0.95, "eval: of the intervals")
	flag.Uint64Var(&j.evaluation.Options.Seed, "seed", 0, "eval: seed of the resamples")
	usage := flag.Usage
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "sentiment-beam classify --output PREFIX [flags] FILE...\nsentiment-beam eval --output FILE [flags] FILE...")
		usage()
	}
}

func appendTo(list *[]string) func(string) error {
	return func(s string) error {
		*list = append(*list, s)
		return nil
	}
}

func (j *job) run(ctx context.Context, verb string, files []string) error {
	if len(files) == 0 {
		return errors.New("no files: sentiment-beam classify --output PREFIX FILE, or sentiment-beam eval --output FILE FILE")
	}
	if err := j.check(); err != nil {
		return err
	}
	j.source.Files = files
	j.source.Options.Keep = j.sink.Keep
	p, s := beam.NewPipelineWithRoot()
	switch verb {
	case "classify":
		j.source.Options.Unlabelled = true
		if err := j.classify(s); err != nil {
			return err
		}
	case "eval":
		if err := j.eval(ctx, s); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%q: want classify or eval", verb)
	}
	return execute(ctx, p)
}

// check reports numbers that make no sense, which a worker would only meet after the work, and
// which DoFns cannot have where they are none.
func (j *job) check() error {
	if err := (answer.Naming{Abstain: j.classifier.Abstain, Neutral: j.classifier.Neutral}).Validate(); err != nil {
		return fmt.Errorf("--%w", err)
	}
	o := &j.evaluation.Options
	switch {
	case !(o.Level > 0 && o.Level < 1):
		return fmt.Errorf("--level %g: want between 0 and 1", o.Level)
	case o.Resamples < 0:
		return fmt.Errorf("--resamples %d: want 0 or more", o.Resamples)
	}
	return nil
}

// classify builds the pipeline of answers.
func (j *job) classify(s beam.Scope) error {
	j.sink.Classifier, j.sink.Errors = j.classifier, j.dead == ""
	if err := j.sink.Validate(); err != nil {
		return err
	}
	if err := j.source.Options.Validate(); err != nil {
		return err
	}
	answers, bad := transform.Classify(s, j.classifier, transform.Read(s, j.source))
	if j.dead == "" {
		transform.Write(s, j.sink, beam.Flatten(s, answers, bad))
		return nil
	}
	transform.Write(s, j.sink, answers)
	transform.Write(s, transform.Sink{Prefix: j.dead, Classifier: j.classifier, Keep: j.sink.Keep}, bad)
	return nil
}

// eval builds the pipeline of a report.
func (j *job) eval(ctx context.Context, s beam.Scope) error {
	e, o := &j.evaluation, &j.source.Options
	if j.sink.Prefix == "" {
		return errors.New("eval needs --output FILE")
	}
	var err error
	if e.Style, err = report.ParseStyle(j.sink.Format); err != nil {
		return err
	}
	o.Labelled, o.Keep = true, false
	if err := o.Validate(); err != nil {
		return err
	}
	if o.Heads == nil {
		m, err := transform.Model(ctx, j.classifier.Model)
		if err != nil {
			return err
		}
		o.Heads = score.Columns(*o, j.source.Files[0], m)
	}
	j.classifier.AnyLanguage = true // the model is judged, and by all texts
	e.Classifier, e.Heads = j.classifier, o.Heads
	answers, bad := transform.Classify(s, j.classifier, transform.Read(s, j.source))
	if j.dead == "" {
		transform.Refuse(s, bad)
	} else {
		transform.Write(s, transform.Sink{Prefix: j.dead, Classifier: j.classifier}, bad)
	}
	transform.WriteReport(s, j.sink.Prefix, transform.Evaluate(s, *e, answers))
	return nil
}

// execute runs the pipeline and says what its counters counted.
func execute(ctx context.Context, p *beam.Pipeline) error {
	start := time.Now()
	result, err := beamx.RunWithMetrics(ctx, p)
	if err != nil {
		return err
	}
	for _, c := range result.Metrics().Query(func(r beam.MetricResult) bool { return r.Namespace() == "textlstm" }).Counters() {
		fmt.Fprintf(os.Stderr, "%s %d\n", c.Name(), c.Result())
	}
	fmt.Fprintf(os.Stderr, "job %.1f s\n", time.Since(start).Seconds())
	return nil
}
