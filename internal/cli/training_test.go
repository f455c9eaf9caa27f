package cli

import (
	"testing"

	"github.com/spf13/cobra"
)

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"a/b-c_d.tsv": "a/b-c_d.tsv", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "a=b": "a=b", "é": "'é'",
	} {
		if got := Quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}

// The command line that goes on has all flags, each word as a shell wants it.
func TestResumeCommandLine(t *testing.T) {
	var train, set []string
	var quiet bool
	var checkpoint Checkpoint
	var got string
	cmd := &cobra.Command{Use: "train", RunE: func(cmd *cobra.Command, _ []string) error { got = resumeCommand(cmd, "the texts"); return nil }}
	cmd.Flags().StringArrayVar(&train, "train", nil, "")
	cmd.Flags().StringArrayVar(&set, "set", nil, "")
	AddLog(cmd, nil, &quiet)
	checkpoint.Add(cmd, "MODEL")
	root := &cobra.Command{Use: "sentiment"}
	root.AddCommand(cmd)
	args := []string{"train", "--threads=2", "--train", "a b.tsv", "--train=c.tsv", "-q", "--set", "x=[1, 2]", "--resume", "the texts"}
	if code := Run(Prepare(root), args, func(error) int { return 0 }); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	want := "sentiment train --quiet=true --set 'x=[1, 2]' --threads 2 --train 'a b.tsv' --train c.tsv --resume 'the texts'"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
