package checklist

import (
	"strings"
	"testing"
)

func TestOnly(t *testing.T) {
	s := Suite{{Capability: "a", Name: "1"}, {Capability: "b", Name: "2"}, {Capability: "a", Name: "3"}}
	some, err := s.Only("a")
	if err != nil || len(some) != 2 || some[1].Name != "3" || len(s) != 3 || s[1].Name != "2" {
		t.Errorf("%v: %v of %v", err, some, s)
	}
	if _, err := s.Only("a", "c"); err == nil || !strings.Contains(err.Error(), "c: want one of a, b") {
		t.Errorf("an unknown capability: %v", err)
	}
}
