package emoji

import "testing"

func TestName(t *testing.T) {
	tests := []struct{ emoji, want string }{
		{"😀", "grinning face"},
		{"😡", "pouting face"},
		{"❤", "red heart"},
		{"❤️", "red heart"},
		{"👍", "thumbs up"},
		{"👍🏽", "thumbs up"},
		{"👩‍👩‍👧", "family: woman, woman, girl"},
		{"🤦🏾‍♀️", "woman facepalming"},
		{"🇩🇪", "Germany"},
		{"1️⃣", "keycap: 1"},
		{"🏽", ""},
		{"🫠", ""}, // of 2021
		{":-)", ""},
		{"a", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got := Name(tt.emoji); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.emoji, got, tt.want)
		}
	}
}

// TestNamesWithoutSelectors checks that what Name takes away leaves a name to every
// emoji but the skin tones themselves.
func TestNamesWithoutSelectors(t *testing.T) {
	if n := len(Names()); n < 3500 {
		t.Fatalf("%d names", n)
	}
	lost := 0
	for e, name := range Names() {
		if name == "" {
			t.Errorf("%q has an empty name", e)
		}
		if Name(e) == "" {
			lost++
		}
	}
	if lost != 5 {
		t.Errorf("%d emoji lost their names, want the 5 skin tones", lost)
	}
}
