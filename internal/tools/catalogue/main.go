// Catalogue writes the index of all causes, internal/causes/README.md, from the
// list in code. It is run by go generate in internal/causes, whose folder it
// writes to; the gate runs it again and refuses a difference.
package main

import (
	"fmt"
	"os"

	"plumbline/internal/causes"
)

func main() {
	if err := write("README.md"); err != nil {
		fmt.Fprintln(os.Stderr, "catalogue:", err)
		os.Exit(1)
	}
}

func write(file string) error {
	if err := os.WriteFile(file, []byte(index(causes.All())), 0o644); err != nil { //nolint:gosec // a page in the repository, for everyone to read
		return fmt.Errorf("writing the index of causes: %w", err)
	}
	return nil
}
