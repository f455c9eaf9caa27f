package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/jsonapi"
)

// A model is one that has been loaded; it does not change.
type model struct {
	*classify.Model
	jsonapi.Identity
	explainer func() *explain.Explainer // made at the first call: it takes memory
	foreign   func(text string) string  // nil if it cannot be told
	other     *model                    // that answers what is foreign; nil if none does
	labels    [][]prometheus.Counter    // by head and label; nil for a head of numbers or of very many labels
}

// Explainer returns what explains the model's answers.
func (m *model) Explainer() *explain.Explainer { return m.explainer() }

// Foreign returns what tells texts of languages that the model does not read.
func (m *model) Foreign() func(text string) string { return m.foreign }

// A queued model answers through the queue: it is what requests see.
type queued struct {
	*model
	queue *queue
}

// PredictBatch answers all texts together.
func (q queued) PredictBatch(ctx context.Context, texts []string) ([]classify.Prediction, error) {
	return q.queue.ask(ctx, q.model, texts)
}

// Other returns what answers texts of languages that the model does not read.
func (q queued) Other() func(language string) answer.Predictor {
	if q.other == nil {
		return nil
	}
	return func(language string) answer.Predictor {
		if !slices.Contains(q.other.Config().Languages, language) {
			return nil
		}
		return queued{q.other, q.queue}
	}
}

// label answers texts for the protocols of others, which have no records.
func (q queued) label(ctx context.Context, texts []string) (answers []classify.Prediction, err error) {
	o := answer.Options{Foreign: q.foreign, Other: q.Other()}
	all := func(yield func(answer.Text) bool) {
		for _, t := range texts {
			if !yield(answer.Text{Text: t}) {
				return
			}
		}
	}
	for r, err := range answer.All(ctx, q, all, o) {
		if err != nil {
			return nil, err
		}
		answers = append(answers, r.Prediction)
	}
	return answers, nil
}

// A slot is the place of one version of one model.
type slot struct {
	Source
	current atomic.Pointer[model]
	size    int64 // of the file that was last read, whether it was a model or not
	changed time.Time
}

// models are the slots, in the order of the sources.
type models struct {
	slots   []*slot
	metrics *metrics
	foreign func(*classify.Model) func(text string) string
	mu      sync.Mutex // one reload at a time
}

func newModels(c Config, metrics *metrics) (*models, error) {
	m := &models{metrics: metrics, foreign: c.Foreign}
	for _, s := range c.Models {
		def(&s.Version, "1")
		m.slots = append(m.slots, &slot{Source: s})
	}
	if _, err := m.reload(true); err != nil {
		return nil, err
	}
	return m, nil
}

// find returns a model by name, "" being the first, and version, "" being the name's
// last.
func (m *models) find(name, version string) (*model, error) {
	if name == "" {
		name = m.slots[0].Name
	}
	known := false
	for _, s := range slices.Backward(m.slots) {
		if s.Name != name {
			continue
		}
		known = true
		if version == "" || s.Version == version {
			return s.current.Load(), nil
		}
	}
	if known {
		return nil, jsonapi.Errorf(http.StatusNotFound, "version", "model %s has no version %.64q", name, version)
	}
	return nil, jsonapi.Errorf(http.StatusNotFound, "model", "there is no model %.64q", name)
}

// versions lists those of a model.
func (m *models) versions(name string) []string {
	var out []string
	for _, s := range m.slots {
		if s.Name == name {
			out = append(out, s.Version)
		}
	}
	return out
}

// cards describes all models.
func (m *models) cards() []byte {
	first, _ := m.find("", "")
	var list []jsonapi.Card
	for _, s := range m.slots {
		c := s.current.Load()
		card := jsonapi.NewCard(c.Identity, c.Model)
		card.Default = c == first
		list = append(list, card)
	}
	return jsonapi.Cards(list)
}

// reload reads the files again that may have changed, all of them if it is told to, and
// names the models that have. One that cannot be read leaves its model as it was.
func (m *models) reload(all bool) (changed []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for _, s := range m.slots {
		did, err := m.load(s, all)
		if err != nil {
			errs = append(errs, fmt.Errorf("model %s, version %s: %w", s.Name, s.Version, err))
		}
		if err != nil || did {
			m.metrics.reloaded(s.Name, s.Version, err)
		}
		if did {
			changed = append(changed, s.Name+"@"+s.Version)
		}
	}
	return changed, errors.Join(errs...)
}

// load reads the file of a slot, if there is one and it has changed.
func (m *models) load(s *slot, always bool) (bool, error) {
	old := s.current.Load()
	if s.File == "" {
		if old == nil {
			m.put(s, s.Model, "")
		}
		return false, nil
	}
	info, err := os.Stat(s.File)
	if err != nil {
		return false, err
	}
	if !always && info.Size() == s.size && info.ModTime().Equal(s.changed) {
		return false, nil
	}
	if !info.Mode().IsRegular() {
		return false, &fs.PathError{Op: "load", Path: s.File, Err: errors.New("not a file")}
	}
	b, err := os.ReadFile(s.File)
	if err != nil {
		return false, err
	}
	s.size, s.changed = info.Size(), info.ModTime()
	sum := sha256.Sum256(b)
	revision := hex.EncodeToString(sum[:6])
	if old != nil && old.Revision == revision {
		return false, nil
	}
	loaded, err := classify.Decode(b)
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.File, err)
	}
	m.put(s, loaded, revision)
	return old != nil, nil
}

// put makes a model the one that answers.
func (m *models) put(s *slot, loaded *classify.Model, revision string) {
	next := &model{
		Model: loaded, Identity: jsonapi.Identity{Model: s.Name, Version: s.Version, Revision: revision},
		explainer: sync.OnceValue(func() *explain.Explainer { return explain.New(loaded) }),
	}
	next.labels = m.metrics.serves(s.current.Load(), next)
	if m.foreign != nil {
		if tell := m.foreign(loaded); tell != nil {
			next.foreign = m.metrics.foreigners(next, tell)
		}
	}
	if s.Other != nil {
		next.other = &model{Model: s.Other, Identity: jsonapi.Identity{Model: s.Other.Card().Name, Version: "1"}}
		next.other.labels = m.metrics.serves(nil, next.other)
	}
	s.current.Store(next)
}
