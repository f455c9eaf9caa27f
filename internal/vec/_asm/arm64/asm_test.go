package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/arch/arm64/arm64asm"
)

// assembly returns the lines of the files that are generated.
func assembly(t *testing.T) (lines []string) {
	t.Helper()
	files, err := filepath.Glob("../../*_arm64.s")
	if err != nil || len(files) != len(groups) {
		t.Fatalf("%d files of assembly, want %d: %v", len(files), len(groups), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(string(data), "\n")...)
	}
	return lines
}

// TestWords holds the comment of each instruction that is written as a word to the
// disassembler.
func TestWords(t *testing.T) {
	word := regexp.MustCompile(`WORD \$(0x[0-9a-f]+) // (.*)`)
	checked := map[string]bool{}
	for _, line := range assembly(t) {
		m := word.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		bits, err := strconv.ParseUint(m[1], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		mnemonic, _, _ := strings.Cut(m[2], " ")
		if mnemonic == "sdot" { // see TestSDOT
			continue
		}
		checked[mnemonic] = true
		inst, err := arm64asm.Decode(binary.LittleEndian.AppendUint32(nil, uint32(bits)))
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if got := arm64asm.GNUSyntax(inst); got != m[2] {
			t.Errorf("%s: is %s", line, got)
		}
	}
	for name, form := range forms {
		if mnemonic, _, _ := strings.Cut(name, " "); form.asm == "" && !checked[mnemonic] {
			t.Errorf("no %s in the assembly", mnemonic)
		}
	}
}

// TestSDOT holds the instruction that the disassembler does not know to words that
// LLVM's assembler wrote.
func TestSDOT(t *testing.T) {
	for _, c := range []struct {
		d, n, m V
		lane    int
		want    string
	}{
		{0, 1, 2, 3, "0x4fa2e820 // sdot v0.4s, v1.16b, v2.4b[3]"},
		{31, 30, 29, 2, "0x4f9debdf // sdot v31.4s, v30.16b, v29.4b[2]"},
		{7, 16, 8, 1, "0x4fa8e207 // sdot v7.4s, v16.16b, v8.4b[1]"},
		{16, 0, 24, 0, "0x4f98e010 // sdot v16.4s, v0.16b, v24.4b[0]"},
	} {
		k := &kernel{file: newFile("")}
		k.text.Reset()
		k.sdotLane(c.d, c.n, c.m, c.lane)
		if got := strings.TrimSpace(k.text.String()); got != "WORD $"+c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// TestReservedRegisters: R16 to R18 are the linker's and the system's, R26 to R30 Go's.
func TestReservedRegisters(t *testing.T) {
	reserved := regexp.MustCompile(`\b(R1[678]|R2[6-9]|R30|RSP|g)\b`)
	for _, line := range assembly(t) {
		if code, _, _ := strings.Cut(line, "//"); reserved.MatchString(code) {
			t.Errorf("reserved: %s", line)
		}
	}
}

// TestInstructionsOfProducts counts the instructions of the inner loops of the products,
// for each that multiplies and adds a vector. What is more than one is loads and the loop.
func TestInstructionsOfProducts(t *testing.T) {
	most := map[string]float64{
		"tile6x16NEON": 1.18, "tileT6x16NEON": 1.2, "int8Tile6x16SDOT": 1.18,
		"tile3x32NEON": 1.23, "tileT3x32NEON": 1.33, "tile1x64NEON": 1.58,
	}
	function, inside := "", false
	all, products := 0, 0
	for _, line := range assembly(t) {
		if name, ok := strings.CutPrefix(line, "TEXT ·"); ok {
			function, _, _ = strings.Cut(name, "(")
		}
		code := strings.TrimSpace(line)
		switch {
		case code == "sum:":
			inside, all, products = true, 0, 0
		case code == "rest:" && inside:
			inside = false
			if products == 0 {
				continue
			}
			ratio := float64(all) / float64(products)
			t.Logf("%s: %d instructions, %d products, %.3f", function, all, products, ratio)
			if want, ok := most[function]; ok {
				delete(most, function)
				if ratio > want {
					t.Errorf("%s: %.3f instructions for each product, want at most %v", function, ratio, want)
				}
			}
		case inside && code != "":
			all++
			if strings.Contains(code, "// fmla") || strings.Contains(code, "// sdot") {
				products++
			}
		}
	}
	for name := range most {
		t.Errorf("no %s", name)
	}
}

func TestLayout(t *testing.T) {
	offset, size := layout("func(a float32, x, y []float32, n int, at int32) (r float32)")
	want := map[string]int{"a": 0, "x_base": 8, "x_len": 16, "y_base": 32, "y_len": 40, "n": 56, "at": 64, "r": 72}
	if size != 76 || len(offset) != len(want) {
		t.Errorf("size %d, offsets %v, want 76 and %v", size, offset, want)
	}
	for name, at := range want {
		if offset[name] != at {
			t.Errorf("%s at %d, want %d", name, offset[name], at)
		}
	}
}
