package classify_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/textlstm/textlstm/classify"
)

const defaultModel = "../pretrained/default.safetensors"

// Loading takes at most twice the file and 16 MiB at its peak, in eight bits as
// well: a fresh process loads the file and says what it has asked for in all,
// which is no less than the peak, and how much its resident memory has grown.
func TestLoadMemory(t *testing.T) {
	const child = "TEXTLSTM_LOAD_MEMORY"
	if path := os.Getenv(child); path != "" {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resident := peakResident()
		m, err := classify.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		fmt.Println("memory:", after.TotalAlloc-before.TotalAlloc, max(peakResident()-resident, 0))
		runtime.KeepAlive(m)
		return
	}
	large := func(c *classify.Config) {
		c.Embed, c.LSTM.HiddenSize = 512, 256
		c.Ngrams.Bits = 18
	}
	type file struct {
		name, path string
		beyond     int64 // allowed beyond twice the file; it is less than the promise where there is little text
	}
	files := []file{{"default", defaultModel, 16 << 20}}
	for _, k := range kinds[:3] { // both branches, each one alone
		m := newModel(t, func(c *classify.Config) { large(c); k.set(c) })
		for name, m := range map[string]*classify.Model{k.name: m, k.name + ", quantised": quantized(t, m)} {
			path := filepath.Join(t.TempDir(), "m.safetensors")
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
			files = append(files, file{name, path, 1 << 20})
		}
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			info, err := os.Stat(f.path)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestLoadMemory$", "-test.v")
			cmd.Env = append(os.Environ(), child+"="+f.path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			_, line, _ := strings.Cut(string(out), "memory: ")
			var asked, resident int64
			if _, err := fmt.Sscan(line, &asked, &resident); err != nil {
				t.Fatalf("%v in\n%s", err, out)
			}
			t.Logf("%d bytes: asked for %d, resident memory grew by %d", info.Size(), asked, resident)
			if asked < info.Size()/2 || resident == 0 && runtime.GOOS == "linux" {
				t.Errorf("loading %d bytes cannot ask for %d, nor take %d of resident memory", info.Size(), asked, resident)
			}
			if limit := 2*info.Size() + f.beyond; asked > limit {
				t.Errorf("loading %d bytes asks for %d, want at most %d", info.Size(), asked, limit)
			}
			if limit := 2*info.Size() + 16<<20; resident > limit && !raceDetector {
				t.Errorf("loading %d bytes takes %d of resident memory, want at most %d", info.Size(), resident, limit)
			}
		})
	}
}

// peakResident is the peak of the process's resident memory so far, 0 where
// the system does not tell.
func peakResident() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	var kB int64
	fmt.Sscan(line, &kB)
	return kB << 10
}

// BenchmarkLoad loads the default model from its file.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := classify.Load(defaultModel); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is BenchmarkLoad from memory, as the command does it.
func BenchmarkDecode(b *testing.B) {
	file, err := os.ReadFile(defaultModel)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := classify.Decode(file); err != nil {
			b.Fatal(err)
		}
	}
}
