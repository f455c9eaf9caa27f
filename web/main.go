//go:build js && wasm

// Command web is what answers the page without a server: Go compiled to WebAssembly,
// in a worker of the browser. web/build makes the page.
package main

import (
	"context"
	"syscall/js"

	"github.com/textlstm/textlstm/classify"
	"github.com/textlstm/textlstm/classify/answer"
	"github.com/textlstm/textlstm/explain"
	"github.com/textlstm/textlstm/internal/jsonapi"
	"github.com/textlstm/textlstm/pretrained/langid"
)

// local is a model that answers in the browser.
type local struct {
	*classify.Model
	explainer *explain.Explainer // made at the first explanation
	foreign   func(text string) string
}

func (l *local) Explainer() *explain.Explainer {
	if l.explainer == nil {
		l.explainer = explain.New(l.Model)
	}
	return l.explainer
}

func (l *local) Foreign() func(text string) string { return l.foreign }

// Other has no model: a second one would double the download.
func (l *local) Other() func(language string) answer.Predictor { return nil }

// answer answers what the server answers at the same path.
func (l *local) answer(path string, body []byte) ([]byte, error) {
	id := jsonapi.Identity{Model: "default", Version: "1"}
	var limits jsonapi.Limits // the user's own machine has them
	switch path {
	case "v1/classify":
		c, err := jsonapi.ParseClassify(body, limits)
		if err != nil {
			return nil, err
		}
		return c.Answer(context.Background(), l, id)
	case "v1/explain":
		e, err := jsonapi.ParseExplain(body, limits)
		if err != nil {
			return nil, err
		}
		return e.Answer(context.Background(), l)
	}
	return jsonapi.Cards([]jsonapi.Card{jsonapi.NewCard(id, l.Model)}), nil
}

// main tells the worker that it may load a model and ask: load(bytes) returns "" or what
// is wrong, call(path, body) returns the HTTP status and the JSON of the answer.
func main() {
	var model *local
	worker := js.Global()
	worker.Set("load", js.FuncOf(func(_ js.Value, args []js.Value) any {
		b := make([]byte, args[0].Length())
		js.CopyBytesToGo(b, args[0])
		m, err := classify.Decode(b)
		if err != nil {
			return err.Error()
		}
		model = &local{Model: m, foreign: langid.ForeignTo(m)}
		return ""
	}))
	worker.Set("call", js.FuncOf(func(_ js.Value, args []js.Value) any {
		b, err := model.answer(args[0].String(), []byte(args[1].String()))
		status := 200
		if err != nil {
			e := jsonapi.AsError(err)
			status, b = e.Status, e.Append(nil)
		}
		return []any{status, string(b)}
	}))
	worker.Call("ready")
	select {}
}
