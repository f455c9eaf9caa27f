package crossval

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Folds that several processes trained yield what one process does.
func TestShards(t *testing.T) {
	d, groups := kinds()
	for name, run := range map[string]func(Options) (any, error){
		"folds":  func(o Options) (any, error) { return Run(t.Context(), tiny(), d, o) },
		"groups": func(o Options) (any, error) { return LeaveOut(t.Context(), tiny(), d, groups, o) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := Options{Folds: 3, Seed: 5, File: filepath.Join(dir, "whole")}
			whole, err := run(o)
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			for i := 2; i >= 1; i-- {
				o.File, o.Shard = filepath.Join(dir, fmt.Sprint(i)), Shard{I: i, N: 2}
				var left []int
				o.OnFold = func(p Progress) {
					if left = append(left, p.Left); p.Kept || p.Fold%2 != i%2 {
						t.Errorf("shard %d has fold %d, kept %v", i, p.Fold, p.Kept)
					}
				}
				if _, err := run(o); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([][]int{{1, 1, 0, 0}, {0, 0}}[i-1], left); diff != "" {
					t.Errorf("shard %d, folds that follow: %s", i, diff)
				}
				files = append(files, o.File)
			}
			o.Shard, o.Merge, o.File = Shard{}, files, filepath.Join(dir, "merged")
			o.OnFold = func(p Progress) {
				if !p.Kept {
					t.Errorf("fold %d is trained again", p.Fold)
				}
			}
			merged, err := run(o)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := asJSON(t, whole), asJSON(t, merged); a != b {
				t.Errorf("%s\nof one process:\n%s", b, a)
			}

			// What no shard did is trained by who merges them, and kept as ever.
			o.OnFold, o.Merge = nil, files[:1]
			if _, err := run(o); err != nil {
				t.Fatal(err)
			}
			same(t, o.File, filepath.Join(dir, "whole"))

			o.Merge = []string{filepath.Join(dir, "none")}
			if _, err := run(o); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that is not there: %v", err)
			}
			o.Merge, o.File, o.Shard = nil, "", Shard{I: 1, N: 9}
			if _, err := run(o); err == nil || !strings.Contains(err.Error(), "at most so many shards") {
				t.Errorf("more shards than folds: %v", err)
			}
		})
	}
}

func same(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(y), string(x)); diff != "" {
		t.Errorf("%s (-%s +this):\n%.2000s", a, b, diff)
	}
}
