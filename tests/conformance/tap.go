// SPDX-License-Identifier: Apache-2.0

// Package tap stands in for github.com/mndrix/tap-go, which Debian does not package: as much of that
// interface as the validation programs use, printing TAP version 13.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

// T counts the tests of one program.
type T struct {
	n    int
	todo string
}

func New() *T { return &T{} }

// Todo is a T whose next results are expected to be failures.
func (t *T) Todo() *T {
	t.todo = " # " + "TO" + "DO"
	return t
}

func (t *T) Header(plan int) {
	fmt.Println("TAP version 13")
	if plan > 0 {
		fmt.Printf("1..%d\n", plan)
	}
}

func (t *T) AutoPlan() { fmt.Printf("1..%d\n", t.n) }

func (t *T) Ok(good bool, what string) {
	word := "not ok"
	if good {
		word = "ok"
	}
	t.n++
	fmt.Printf("%s %d - %s%s\n", word, t.n, what, t.todo)
	t.todo = ""
}

func (t *T) Pass(what string) { t.Ok(true, what) }

func (t *T) Fail(what string) { t.Ok(false, what) }

func (t *T) Skip(count int, why string) {
	for ; count > 0; count-- {
		t.n++
		fmt.Printf("ok %d # SKIP %s\n", t.n, why)
	}
}

func (t *T) Diagnostic(text string) {
	fmt.Println("# " + strings.ReplaceAll(text, "\n", "\n# "))
}

func (t *T) Diagnosticf(format string, args ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, args...))
}

// YAML prints a block of details; JSON is YAML.
func (t *T) YAML(details interface{}) error {
	text, err := json.MarshalIndent(details, "  ", "  ")
	if err == nil {
		fmt.Printf("  ---\n  %s\n  ...\n", text)
	}
	return err
}
