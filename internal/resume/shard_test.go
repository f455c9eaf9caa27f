package resume

import "testing"

// The shards of a run have each of its units once.
func TestShardsCoverARun(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for units := n; units < 12; units++ {
			have := make([]int, n)
			for k := range units {
				times := 0
				for i := range have {
					s := Shard{i + 1, n}
					if err := s.Validate(units); err != nil {
						t.Fatal(err)
					}
					if s.Has(k) {
						times++
						have[i]++
					}
					if s.Count(k+1) != have[i] {
						t.Errorf("%v has %d of the first %d units, says %d", s, have[i], k+1, s.Count(k+1))
					}
				}
				if times != 1 {
					t.Errorf("unit %d of %d is in %d of %d shards", k, units, times, n)
				}
			}
		}
	}
	var whole Shard
	if !whole.Has(7) || !whole.Whole() || whole.String() != "" || whole.Validate(0) != nil {
		t.Errorf("the zero value %q is not all of a run", whole)
	}
}

func TestShardRefuses(t *testing.T) {
	for _, text := range []string{"", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/2", "a/b", "1/"} {
		if err := new(Shard).Set(text); err == nil {
			t.Errorf("%q is taken for a shard", text)
		}
	}
	var s Shard
	if err := s.Set("2/3"); err != nil || s != (Shard{2, 3}) || s.String() != "2/3" {
		t.Errorf("2/3 is read as %v, error %v", s, err)
	}
	for _, s := range []Shard{{2, 3}, {0, 2}, {3, 2}} {
		if err := s.Validate(2); err == nil {
			t.Errorf("%v is a shard of two units", s)
		}
	}
}
