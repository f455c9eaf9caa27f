package weights_test

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/textlstm/textlstm/lstm"
	"github.com/textlstm/textlstm/nn"
	"github.com/textlstm/textlstm/nn/weights"
)

// A network of an LSTM and a dense layer goes to a file and comes back.
func Example() {
	network := func() []*nn.Param {
		encoder, err := lstm.New(lstm.Config{InputSize: 1, HiddenSize: 4})
		if err != nil {
			log.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 0))
		encoder.Init(r)
		dense := nn.NewDense("dense", 4, 1)
		dense.Init(r)
		return append(encoder.Params(), dense.Params()...)
	}
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "network.safetensors")
	trained := network()
	trained[0].Data[0] = 42
	if err := weights.Save(file, trained, map[string]string{"units": "4"}); err != nil {
		log.Fatal(err)
	}
	again := network()
	meta, err := weights.Load(file, again)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again[0].Name, again[0].Data[0], meta["units"])
	// Output: weight_ih_l0 42 4
}

func params() []*nn.Param {
	a, b := nn.NewParam("a", 2, 3), nn.NewParam("b", 4)
	for i := range a.Data {
		a.Data[i] = float32(i) / 7
	}
	b.Data[1] = float32(math.Copysign(0, -1))
	return []*nn.Param{a, b}
}

func TestRoundTrip(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w")
	want := params()
	if err := weights.Save(file, want, nil); err != nil {
		t.Fatal(err)
	}
	got := []*nn.Param{nn.NewParam("b", 4), nn.NewParam("a", 2, 3)} // in any order
	version := got[0].Version
	if _, err := weights.Load(file, got); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(got)
	for i := range want {
		for j, v := range want[i].Data {
			if math.Float32bits(v) != math.Float32bits(got[i].Data[j]) {
				t.Errorf("%s[%d] is %v, want %v", want[i].Name, j, got[i].Data[j], v)
			}
		}
	}
	if got[1].Version == version {
		t.Error("copies in another layout do not learn of the change")
	}
	first, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := weights.Save(file, got, nil); err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(file)
	if err != nil || !slices.Equal(first, second) {
		t.Errorf("the same weights give other bytes (err = %v)", err)
	}
}

// What does not fit is named, and changes nothing.
func TestLoadErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w")
	if err := weights.Save(file, params(), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		params []*nn.Param
		want   []string
	}{
		{"another shape", []*nn.Param{nn.NewParam("a", 2, 3), nn.NewParam("b", 5)}, []string{`"b"`, "4", "5"}},
		{"missing", append(params(), nn.NewParam("c", 1)), []string{`"c"`}},
		{"too many", params()[:1], []string{`"b"`}},
		{"eight bits", []*nn.Param{nn.NewInt8("a", 2, 3)}, []string{"a is in eight bits"}},
	} {
		for _, p := range tt.params {
			clear(p.Data)
		}
		_, err := weights.Load(file, tt.params)
		if err == nil {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		for _, word := range tt.want {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v, want a word of %q", tt.name, err, word)
			}
		}
		for _, p := range tt.params {
			if diff := cmp.Diff(make([]float32, len(p.Data)), p.Data); diff != "" && p.Int8 == nil {
				t.Errorf("%s: %s has changed", tt.name, p.Name)
			}
		}
	}
	if _, err := weights.Load(filepath.Join(t.TempDir(), "none"), params()); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

func TestSaveErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w")
	bad := params()
	bad[0].Data[1] = float32(math.NaN())
	for name, p := range map[string][]*nn.Param{
		"not a number": bad, "one name twice": append(params(), nn.NewParam("a", 1)), "eight bits": {nn.NewInt8("a", 2, 3)},
	} {
		if err := weights.Save(file, p, nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(file); !os.IsNotExist(err) {
			t.Errorf("%s: a file is there", name)
		}
	}
}
