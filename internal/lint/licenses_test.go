package lint

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateLicenses = flag.Bool("licenses", false, "write THIRD_PARTY_LICENSES.md")

const thirdParty = "../../THIRD_PARTY_LICENSES.md"

// Every module that is compiled into the command, on any system, has a licence
// that lets it be, and THIRD_PARTY_LICENSES.md holds their texts.
// go test ./internal/lint -run TestLicenses -licenses writes that file.
func TestLicenses(t *testing.T) {
	modules := map[string]string{} // "path version" -> directory
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/sentiment")
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				err = fmt.Errorf("%w: %s", err, exit.Stderr)
			}
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
				modules[name] = dir
			}
		}
	}
	var names []string
	for name := range modules {
		names = append(names, name)
	}
	slices.Sort(names)
	var table, texts bytes.Buffer
	table.WriteString("# Third-party licences\n\nThe modules that are compiled into `sentiment`, and their licences.\n\n| module | version | licence |\n|---|---|---|\n")
	for _, name := range names {
		path, version, _ := strings.Cut(name, " ")
		files := licenseFiles(modules[name])
		if len(files) == 0 {
			t.Errorf("%s has no licence", name)
			continue
		}
		var kinds []string
		fmt.Fprintf(&texts, "\n## %s\n", path)
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			text := strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(string(b), "?"), "\r\n", "\n"))
			kind := licenseOf(text)
			if kind == "" {
				t.Errorf("%s: %s is a licence that TestLicenses does not know, or one that it does not allow", name, filepath.Base(f))
			}
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
			fmt.Fprintf(&texts, "\n~~~\n%s\n~~~\n", strings.ReplaceAll(text, "~~~", "~ ~ ~"))
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", path, version, strings.Join(kinds, ", "))
	}
	want := append(table.Bytes(), texts.Bytes()...)
	if *updateLicenses && !t.Failed() {
		if err := os.WriteFile(thirdParty, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(thirdParty)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("THIRD_PARTY_LICENSES.md is not up to date (err = %v): go test ./internal/lint -run TestLicenses -licenses", err)
	}
}

// licenseFiles lists the files of a module that hold its licences.
func licenseFiles(dir string) (files []string) {
	for _, pattern := range []string{"LICEN[CS]E", "LICEN[CS]E.md", "LICEN[CS]E.txt", "LICENSE-SIL", "COPYING", "licenses/ftl.txt"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern)) // the patterns are good
		files = append(files, found...)
	}
	return files
}

// licenseOf names a licence by phrases of its text; "" if it is not one of those
// that ask for no more than that their text is kept.
func licenseOf(text string) string {
	words := strings.ToLower(strings.Join(strings.Fields(text), " "))
	for _, l := range []struct {
		name    string
		phrases []string
	}{
		{"FTL", []string{"freetype license", "your choice of exactly one"}}, // the other one is the GPL
		{"FTL", []string{"the freetype project license"}},
		{"", []string{"gnu general public license"}},
		{"", []string{"gnu lesser general public license"}},
		{"", []string{"gnu affero general public license"}},
		{"", []string{"mozilla public license"}},
		{"", []string{"eclipse public license"}},
		{"Apache-2.0", []string{"apache license", "version 2.0"}},
		{"OFL-1.1", []string{"sil open font license"}},
		{"CC-BY-4.0", []string{"creative commons attribution 4.0"}},
		{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "to endorse or promote"}},
		{"BSD-2-Clause", []string{"redistribution and use in source and binary forms"}},
		{"MIT", []string{"permission is hereby granted, free of charge", "the software is provided \"as is\""}},
	} {
		if !slices.ContainsFunc(l.phrases, func(p string) bool { return !strings.Contains(words, p) }) {
			return l.name
		}
	}
	return ""
}

func TestLicenseOf(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n  Version 2.0, January 2004":                                         "Apache-2.0",
		"GNU GENERAL PUBLIC LICENSE\nVersion 3":                                               "",
		"GNU Lesser General\nPublic License":                                                  "",
		"Mozilla Public License, version 2.0":                                                 "",
		"All rights reserved.":                                                                "",
		"Redistribution and use in source and binary forms is as you like":                    "BSD-2-Clause",
		"Your choice of exactly one of: the FreeType License, the GNU General Public License": "FTL",
	} {
		if got := licenseOf(text); got != want {
			t.Errorf("%q is taken for %q, want %q", text, got, want)
		}
	}
}
