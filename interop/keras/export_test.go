package keras_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/internal/golden"
	"github.com/textlstm/textlstm/internal/zoo"
	"github.com/textlstm/textlstm/interop"
	"github.com/textlstm/textlstm/interop/keras"
	"github.com/textlstm/textlstm/interop/torch"
	"github.com/textlstm/textlstm/nn"
)

// The exports are those that Keras has run.
func TestVerified(t *testing.T) {
	exports := map[string][]byte{}
	for _, k := range zoo.Kinds() {
		m, err := zoo.Make(k, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, err := keras.Export(m, k.Name+".weights.h5")
		if err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		var b bytes.Buffer
		if err := x.Write(&b); err != nil {
			t.Fatalf("%s: %v", k.Name, err)
		}
		exports[k.Name+".weights.h5"], exports[k.Name+"_keras.py"] = b.Bytes(), []byte(x.Script)
	}
	golden.Verified(t, "../testdata/verified-keras.json", exports)
}

// Heads with thresholds have each its own.
func TestThresholds(t *testing.T) {
	i := slices.IndexFunc(zoo.Kinds(), func(k zoo.Kind) bool { return k.Name == "multilabel" })
	k := zoo.Kinds()[i]
	other := k.Config.Heads[0]
	other.Name, other.Thresholds = "more", []float64{0.125, 0.5, 0.5}
	k.Config.Heads = append(slices.Clip(k.Config.Heads), other)
	m, err := zoo.Make(k, 1)
	if err != nil {
		t.Fatal(err)
	}
	script, err := keras.Export(m, "x.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	module, err := torch.Export(m, "x.pt")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{script.Script, module.Module} {
		if want := "\n" + `THRESHOLDS = {"tags": [0.25, 0.5, 0.75], "more": [0.125, 0.5, 0.5]}` + "\n\n\ndef "; !strings.Contains(source, want) {
			t.Errorf("no %s in\n%s", want, source)
		}
	}
}

// A network of numbers is a chain of Keras's layers where it can be, else a module.
func TestExportNetwork(t *testing.T) {
	n := network(t, "series.keras", keras.Options{})
	for want, change := range map[string]func(){
		`L.Bidirectional(L.LSTM(3), merge_mode="ave"),`: func() {},
		`("lstm", 3, "bidirectional", "ave")`:           func() { n.Pool = []nn.Pooling{nn.Mean} },
	} {
		change()
		x, err := keras.ExportNetwork(n, "x.weights.h5")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(x.Script, want) || strings.Contains(x.Script, "LABELS") {
			t.Errorf("no %s in\n%s", want, x.Script)
		}
		n.Pool = nil
	}
	if _, err := keras.ExportNetwork(&interop.Network{}, ""); err == nil {
		t.Error("an empty network: no error")
	}
	m, err := zoo.Make(zoo.Kinds()[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keras.ExportNetwork(interop.Of(m)[0], ""); err == nil {
		t.Error("a network of words: no error")
	}
}
