// Package webpage writes pages of HTML that stand alone: they ask for nothing, and run no
// script but their own.
package webpage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io"
)

// Write writes a view by the source of its template, whole or not at all.
func Write(w io.Writer, source string, funcs template.FuncMap, view any) error {
	t, err := template.New("page").Funcs(funcs).Parse(source)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// Policy is a content security policy that forbids all but what allowed says.
func Policy(allowed string) string {
	return "default-src 'none'; base-uri 'none'; form-action 'none'; " + allowed
}

// Hash is how a policy names the style or the script of that text.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
