package corpora

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// A layout says what the files of a directory or archive are.
type layout struct {
	tables  map[string]bool   // entries that hold rows
	docs    map[string]string // entries that are documents, with their labels
	names   []string          // both, sorted
	passed  []passed          // with Options.EveryFile
	ignored int
}

// A passed file is one that is passed over.
type passed struct{ name, why string }

// Directories of these names are parts of a corpus, not labels.
var partNames = []string{"train", "training", "test", "testing", "dev", "val", "valid", "validation", "eval"}

// The label of these directories is missing.
var unlabelledNames = []string{"unsup", "unlabeled", "unlabelled"}

// plan decides from the names of its files what a directory or archive holds.
//
// Where some of them are tables by their name, or all by the options, the tables
// are read and the rest is passed over, and so are README and LICENSE. Otherwise every file of a directory without subdirectories is
// a document, labelled by the name of that directory; files beside
// subdirectories, such as the README and the lists of aclImdb, are passed over.
// Names that begin with a dot or an underscore are never read.
func plan(names []string, o *Options) (*layout, error) {
	l := &layout{tables: map[string]bool{}, docs: map[string]string{}}
	dirs := map[string]bool{} // those of files, each with a slash at its end but ""
	var usable []string
	for _, name := range names {
		parts := strings.Split(name, "/")
		hidden := slices.ContainsFunc(parts, func(p string) bool {
			return strings.HasPrefix(p, ".") || strings.HasPrefix(p, "_")
		})
		wanted := o.Part == "" || slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, o.Part) })
		if hidden || !wanted {
			l.ignored++
			continue
		}
		usable = append(usable, name)
		dirs[dirOf(name)] = true
		if o.isTable(name) && !isAbout(name) {
			l.tables[name] = true
		}
	}
	// Those within a directory follow it where they are in order.
	sorted := slices.Sorted(maps.Keys(dirs))
	for i, dir := range sorted {
		dirs[dir] = i+1 < len(sorted) && strings.HasPrefix(sorted[i+1], dir) // it has directories with files
	}
	for _, name := range usable {
		dir := dirOf(name)
		switch {
		case l.tables[name]:
		case len(l.tables) > 0:
			l.pass(name, "there are tables beside it", o)
			continue
		case dirs[dir]:
			l.pass(name, "there are directories beside it", o)
			continue
		default:
			label := path.Base(dir)
			if dir == "" || o.Format == Text || isOneOf(label, partNames) || isOneOf(label, unlabelledNames) {
				label = ""
			}
			l.docs[name] = label
		}
		l.names = append(l.names, name)
	}
	slices.Sort(l.names)
	if len(l.names) == 0 {
		part := ""
		if o.Part != "" {
			part = fmt.Sprintf(" of part %q", o.Part)
		}
		return nil, fmt.Errorf("none of the %d files%s is a table or a document: %w", len(names), part, ErrFormat)
	}
	return l, nil
}

// pass passes over a file.
func (l *layout) pass(name, why string, o *Options) {
	if o.EveryFile && !isAbout(name) {
		l.passed = append(l.passed, passed{name, why})
	} else {
		l.ignored++
	}
}

// dirOf is the directory of a name, with the slash at its end.
func dirOf(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// isTable reports whether the name tells that a file holds rows, or the options do.
func (o *Options) isTable(name string) bool {
	switch o.Format {
	case Dir:
		return false
	case Text:
		return o.Lines
	case "":
		return o.Lines || formatOfName(name) != ""
	}
	return true
}

// isAbout reports whether a file is about a corpus and no part of it.
func isAbout(name string) bool {
	base, _, _ := strings.Cut(path.Base(name), ".")
	return isOneOf(base, []string{"readme", "license", "licence", "copying"})
}

func isOneOf(name string, names []string) bool {
	return slices.Contains(names, strings.ToLower(name))
}

// An entry is a file of a directory or archive, open for reading.
type entry struct {
	name string
	src  io.Reader
	disk *os.File // src, if that is a file on disk
	done func() error
}

// An entrySource yields the entries of a layout one after the other, then io.EOF.
type entrySource func() (entry, error)

// entryRows reads the documents and tables of a directory or archive.
type entryRows struct {
	*file
	layout  *layout
	entries entrySource
	prefix  string        // of the names of entries in errors
	inner   *file         // the table being read
	br      *bufio.Reader // of documents: their bytes
	text    *bufio.Reader // their text
}

func (f *file) newEntries(l *layout, prefix string, entries entrySource) *entryRows {
	f.report.Ignored += l.ignored
	f.report.Files[f.source].Format = f.opts.Format
	if len(l.tables) == 0 && f.opts.Format == "" {
		f.report.Files[f.source].Format = Dir
	}
	parts := map[string]bool{}
	for _, name := range l.names {
		for p := range strings.SplitSeq(strings.TrimSuffix(path.Base(name), path.Ext(name))+"/"+path.Dir(name), "/") {
			if isOneOf(p, partNames) {
				parts[p] = true
			}
		}
	}
	if len(parts) > 1 {
		f.note("%d parts are read as one; choose one to keep them apart", len(parts))
	}
	return &entryRows{file: f, layout: l, entries: entries, prefix: prefix,
		br: bufio.NewReaderSize(nil, sniffBytes), text: bufio.NewReaderSize(nil, lineBuffer)}
}

func (t *entryRows) next(ex *Example) error {
	for {
		if t.inner != nil {
			err := t.inner.rows.next(ex)
			if err != io.EOF {
				return err
			}
			t.countInner()
			err = t.inner.closeAll()
			t.inner = nil
			if err != nil {
				return err
			}
			continue
		}
		e, err := t.entries()
		if left := t.layout.passed; err == io.EOF && len(left) > 0 {
			t.layout.passed = left[1:]
			return &ParseError{File: t.prefix + left[0].name, Refused: true, Err: fmt.Errorf("passed over, as %s: read it by itself: %w", left[0].why, ErrFormat)}
		}
		if err != nil {
			return err
		}
		inner := &file{Reader: t.Reader, name: t.prefix + e.name, source: t.source, whole: t.whole}
		if e.done != nil {
			inner.close = append(inner.close, e.done)
		}
		if t.layout.tables[e.name] {
			inner.rows, err = inner.openStream(e.src, e.name, e.disk)
		} else {
			inner.rows, err = t.document(ex, &e, inner)
		}
		if inner.rows == nil {
			inner.closeAll()
			if _, ok := errors.AsType[*fs.PathError](err); ok && !Refused(err) {
				err = &ParseError{File: inner.name, Refused: true, Err: err}
			}
			return err
		}
		if _, nested := inner.rows.(*entryRows); nested {
			inner.closeAll()
			return &ParseError{File: inner.name, Err: fmt.Errorf("an archive within an archive: %w", ErrFormat)}
		}
		t.inner = inner
	}
}

// document reads one entry as an example; if its content shows that it holds rows
// it returns them instead.
func (t *entryRows) document(ex *Example, e *entry, inner *file) (rows, error) {
	refuse := func(err error) (rows, error) {
		_, ok := errors.AsType[*fs.PathError](err)
		return nil, &ParseError{File: inner.name, Refused: ok || isSentinel(err), Err: err}
	}
	t.br.Reset(e.src)
	br := t.br
	packed, compression, err := decompress(br, t.opts.Limits, t.whole)
	if err != nil {
		return refuse(err)
	}
	if compression != "" {
		inner.packed, _ = packed.(*bounded)
		inner.close = append(inner.close, packed.Close)
		br = bufio.NewReaderSize(packed, sniffBytes)
	}
	head, err := br.Peek(1024)
	if err != nil && err != io.EOF {
		return refuse(err)
	}
	if what := binaryKind(head); what != "" || isTar(head) {
		return refuse(fmt.Errorf("%s %w", what, ErrBinary))
	}
	dec, err := newDecoder(br, t.opts.Encoding, t.opts.Strict)
	if err != nil {
		return refuse(err)
	}
	t.text.Reset(dec)
	if t.opts.Format == "" {
		t.text.Peek(1)
		head, _ = t.text.Peek(t.text.Buffered())
		if format := t.opts.detectFormat(e.name, head); format != Text {
			inner.dec = dec
			return inner.openRows(t.text, format)
		}
	}
	text, err := readDocument(t.text, t.opts.Limits.RecordBytes)
	fr := &t.report.Files[t.source]
	fr.BadBytes += dec.bad
	t.report.BadBytes += dec.bad
	if fr.Encoding == "" || fr.Encoding == dec.name {
		fr.Encoding = dec.name
	} else {
		fr.Encoding = "mixed"
	}
	if err != nil {
		return refuse(err)
	}
	ex.ID, ex.Text, ex.Labels = inner.name, text, t.slot()
	ex.Labels[0], err = t.label(0, []byte(t.layout.docs[e.name]))
	if err != nil {
		if pe, ok := err.(*ParseError); ok {
			return nil, pe
		}
		return refuse(err)
	}
	return nil, nil
}

// countInner moves the counts of a table of the archive to the report.
func (t *entryRows) countInner() {
	if d := t.inner.dec; d != nil {
		t.inner.guessEncoding()
		fr := &t.report.Files[t.source]
		fr.BadBytes += d.bad
		t.report.BadBytes += d.bad
		d.bad = 0
		fr.Encoding = d.name
	}
	t.header, t.labelled = t.inner.header, t.labelled || t.inner.labelled
}

// openDir reads the files of a directory.
func (f *file) openDir(dir string) (rows, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f.close = append(f.close, root.Close)
	prefix := strings.TrimSuffix(dir, "/") + "/"
	names, unreadable, err := f.list(root.FS(), prefix)
	if err != nil {
		return nil, err
	}
	l, err := plan(names, &f.opts)
	if err != nil {
		if len(unreadable) > 0 {
			err = unreadable[0].Err
		}
		return nil, &ParseError{File: dir, Err: err}
	}
	left := l.names
	f.whole = &expansion{limits: f.opts.Limits}
	return f.newEntries(l, prefix, func() (entry, error) {
		if len(unreadable) > 0 {
			err := unreadable[0]
			unreadable = unreadable[1:]
			return entry{}, err
		}
		if len(left) == 0 {
			return entry{}, io.EOF
		}
		name := left[0]
		left = left[1:]
		src, err := root.Open(name)
		if err != nil {
			return entry{}, &ParseError{File: prefix + name, Refused: true, Err: err}
		}
		if info, err := src.Stat(); err == nil {
			f.whole.packed += info.Size()
		}
		return entry{name: name, src: src, disk: src, done: src.Close}, nil
	}), nil
}

// list returns the names of the files in a directory and below, and an error for each
// directory below that cannot be read. prefix is of their names in errors.
func (f *file) list(dir fs.FS, prefix string) (names []string, unreadable []*ParseError, err error) {
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			unreadable = append(unreadable, &ParseError{File: prefix + name, Refused: true, Err: err})
		case d.Type().IsRegular():
			names = append(names, name)
		case !d.IsDir():
			f.report.Ignored++
		}
		if len(names)+len(unreadable) > f.opts.Limits.Entries {
			return &ParseError{File: strings.TrimSuffix(prefix, "/"), Err: fmt.Errorf("more than %d files: %w", f.opts.Limits.Entries, ErrTooLarge)}
		}
		return nil
	})
	return names, unreadable, err
}
