package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/tools/txtar"
)

// An archive is a scenario or a world as files: a txtar file or a directory,
// the same from here on.
type archive struct {
	// name is how people find it.
	name    string
	txtar   bool
	members []*member
}

// A member is one file of an archive.
type member struct {
	archive *archive
	// path is inside the archive, with slashes.
	path string
	data []byte
	// first is the line of the archive that holds the member's first line.
	first int
}

// at is the Place of a line of the member, counted from 1; 0 means the member as
// a whole: in an archive the line with its name.
func (m *member) at(line int) Place {
	p := Place{File: m.archive.name, Member: m.path, Archive: m.archive.txtar}
	if line > 0 || m.archive.txtar {
		p.Line = m.first + line - 1
	}
	return p
}

func (a *archive) member(path string) *member {
	for _, m := range a.members {
		if m.path == path {
			return m
		}
	}
	return nil
}

// openPath opens a txtar file or a directory of the machine.
func openPath(path string) (*archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening scenario: %w", err)
	}
	if info.IsDir() {
		return readMembers(os.DirFS(path), path, nil)
	}
	return openFile(os.DirFS(filepath.Dir(path)), filepath.Base(path), path)
}

// openIn opens a txtar file or a directory of fsys, shown to people as name.
func openIn(fsys fs.FS, path, name string) (*archive, error) {
	info, err := fs.Stat(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("opening scenario %s: %w", name, err)
	}
	if !info.IsDir() {
		return openFile(fsys, path, name)
	}
	sub, err := fs.Sub(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("opening scenario %s: %w", name, err)
	}
	return readMembers(sub, name, nil)
}

func openFile(fsys fs.FS, path, name string) (*archive, error) {
	data, err := fs.ReadFile(fsys, path)
	if err != nil {
		return nil, fmt.Errorf("reading scenario %s: %w", name, err)
	}
	parsed := txtar.Parse(data)
	if len(parsed.Files) == 0 {
		return nil, &Error{Place: Place{File: name}, Text: "holds no files: a scenario is a txtar archive (files start with a line `-- NAME --`) or a directory"}
	}
	first, err := firstLines(parsed, name)
	if err != nil {
		return nil, err
	}
	files, err := txtar.FS(parsed)
	if err != nil {
		return nil, fmt.Errorf("reading scenario %s: %w", name, err)
	}
	return readMembers(files, name, first)
}

// firstLines tells for every file of the archive the line on which it starts.
func firstLines(parsed *txtar.Archive, name string) (map[string]int, error) {
	var errs []error
	first := make(map[string]int, len(parsed.Files))
	line := 1 + bytes.Count(parsed.Comment, []byte("\n"))
	for _, f := range parsed.Files {
		here := Place{File: name, Line: line, Member: f.Name, Archive: true}
		if before, ok := first[f.Name]; ok {
			errs = append(errs, &Error{Place: here, Text: fmt.Sprintf("the archive has this file twice; the other starts at line %d", before)})
		}
		if !fs.ValidPath(f.Name) || f.Name == "." {
			errs = append(errs, &Error{Place: here, Text: "isn't a relative, clean file name with slashes"})
		}
		first[f.Name] = line + 1
		line += 1 + bytes.Count(f.Data, []byte("\n"))
	}
	return first, errors.Join(errs...)
}

// readMembers reads all files of an archive in the order of their paths; first
// is nil for a directory.
func readMembers(fsys fs.FS, name string, first map[string]int) (*archive, error) {
	a := &archive{name: name, txtar: first != nil}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		m := &member{archive: a, path: path, data: data, first: 1}
		if a.txtar {
			m.first = first[path]
		}
		a.members = append(a.members, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading scenario %s: %w", name, err)
	}
	return a, nil
}
