package transform

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/pretrained/multilingual"
)

// registerTypes tells Beam the types of elements and of DoFns. Its package register would make
// calls without reflection, which texts do not notice, for minutes of compiling.
func registerTypes(values ...any) {
	for _, v := range values {
		beam.RegisterType(reflect.TypeOf(v))
	}
}

// encode makes a string of options, as a DoFn can only have fields that Beam's schemas know.
func encode(options any) string {
	b, err := json.Marshal(options)
	if err != nil {
		panic(err) // they are plain structs
	}
	return string(b)
}

func decode(s string, options any) error { return json.Unmarshal([]byte(s), options) }

// A Classifier says which model answers, and how. The zero value is the embedded model with
// all of its heads.
type Classifier struct {
	// Model is a file of any file system that the program has registered with Beam. Every
	// worker reads it, once in a process. Empty: the embedded model.
	Model string

	Heads            []string // that answer; nil means all
	Abstain, Neutral float64  // as in answer.Naming

	// AnyLanguage labels texts of languages that the model does not read too; without it
	// the multilingual model answers those that it reads where Model is empty.
	AnyLanguage bool
}

// load returns the model, and the options of its answers.
func (c *Classifier) load(ctx context.Context) (*classify.Model, answer.Options, error) {
	o := answer.Options{Heads: c.Heads, Naming: answer.Naming{Abstain: c.Abstain, Neutral: c.Neutral}}
	m, err := Model(ctx, c.Model)
	if err != nil {
		return nil, o, err
	}
	if !c.AnyLanguage {
		o.Foreign = langid.ForeignTo(m)
		if c.Model == "" {
			o.Other = answer.ReadBy(multilingual.Model)
		}
	}
	return m, o, o.Validate(m.Heads())
}

// models are those of this process by name, for all of its goroutines, however many
// instances of a DoFn an engine makes.
var models struct {
	sync.Mutex
	byName map[string]*classify.Model
}

// Model returns the model of a file, or the embedded one for "". It is read once in a
// process.
func Model(ctx context.Context, name string) (*classify.Model, error) {
	models.Lock()
	defer models.Unlock()
	if m := models.byName[name]; m != nil {
		return m, nil
	}
	m, err := readModel(ctx, name)
	if err != nil {
		return nil, err
	}
	if models.byName == nil {
		models.byName = map[string]*classify.Model{}
	}
	models.byName[name] = m
	return m, nil
}

func readModel(ctx context.Context, name string) (*classify.Model, error) {
	if name == "" {
		return pretrained.Default()
	}
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	b, err := filesystem.Read(ctx, fs, name)
	if err != nil {
		return nil, err
	}
	m, err := classify.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}
