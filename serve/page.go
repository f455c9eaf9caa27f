package serve

import (
	"embed"
	"net/http"
	"path"
)

//go:embed page
var files embed.FS

// pages are the files that everyone may have, by path.
var pages = map[string]string{
	"/":             "page/index.html",
	"/page.css":     "page/page.css",
	"/page.js":      "page/page.js",
	"/files.js":     "page/files.js",
	"/backend.js":   "page/backend.js",
	"/docs":         "page/docs.html",
	"/docs.js":      "page/docs.js",
	"/openapi.json": "page/openapi.json",
}

// page answers with a file. What it may do in a browser is little: its own scripts and
// styles, and requests to this server.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	noteOf(r).protocol = "page"
	name := pages[r.URL.Path]
	b, err := files.ReadFile(name)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	kind := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json"}[path.Ext(name)]
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Write(b)
}
