package nn

import "testing"

func TestDirectionText(t *testing.T) {
	for _, d := range []Direction{Forward, Reverse, Bidirectional} {
		text, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Direction
		if err := back.UnmarshalText(text); err != nil || back != d {
			t.Errorf("%s reads back as %s, %v", d, back, err)
		}
	}
	if _, err := Direction(9).MarshalText(); err == nil {
		t.Error("Direction(9): no error")
	}
	if err := new(Direction).UnmarshalText([]byte("sideways")); err == nil {
		t.Error("sideways: no error")
	}
}
