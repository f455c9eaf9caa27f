package serve

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Every operation of openapi.json is answered by a handler of its own, and every handler
// is described.
func TestOpenAPI(t *testing.T) {
	s, h := serving(t, Config{})
	_, text, _ := ask(t, "GET", h.URL+"/openapi.json", "")
	var api struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Example json.RawMessage }
			} `json:"requestBody"`
		}
	}
	if err := json.Unmarshal([]byte(text), &api); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, methods := range api.Paths {
		path := strings.NewReplacer("{model}", "default", "{version}", "1").Replace(path)
		for method, operation := range methods {
			_, pattern := s.mux.Handler(&http.Request{Method: strings.ToUpper(method), URL: &url.URL{Path: path}})
			described[pattern] = true
			if method == "get" {
				if status, got, _ := ask(t, "GET", h.URL+path, ""); status != 200 {
					t.Errorf("GET %s: status %d, %s", path, status, got)
				}
				continue
			}
			for kind, content := range operation.RequestBody.Content {
				body := string(content.Example)
				if kind != "application/json" {
					json.Unmarshal(content.Example, &body)
				}
				if status, got, _ := ask(t, "POST", h.URL+path, body, "Content-Type", kind); status != 200 {
					t.Errorf("POST %s %s: status %d, %s", path, body, status, got)
				}
			}
			if len(operation.RequestBody.Content) == 0 {
				t.Errorf("POST %s has no example", path)
			}
		}
	}
	if described["/"] || len(described) < 20 {
		t.Errorf("described: %v", described)
	}
}

// The pages ask nobody but their own server: all that they name is there, by a path that
// is relative, so that it may be mounted anywhere.
func TestPagesAreSelfContained(t *testing.T) {
	_, h := serving(t, Config{})
	link := regexp.MustCompile(`(?:src|href)="([^"#]*)"|from "([^"]*)"|fetch\("([^"]*)"|call\("([^"]*)"`)
	for path := range pages {
		status, text, header := ask(t, "GET", h.URL+path, "")
		if status != 200 || header.Get("Content-Type") == "" {
			t.Errorf("GET %s: status %d", path, status)
		}
		if path == "/openapi.json" {
			continue
		}
		if strings.Contains(text, "://") || strings.Contains(text, "innerHTML") || strings.Contains(text, "eval(") {
			t.Errorf("%s names another server, or makes markup of text", path)
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to := m[1] + m[2] + m[3] + m[4]
			if to == "" || to == "data:," {
				continue
			}
			if strings.HasPrefix(to, "/") {
				t.Errorf("%s: %s is not relative", path, to)
			}
			if status, _, _ := ask(t, "GET", h.URL+"/"+strings.TrimPrefix(to, "./"), ""); status != 200 && status != 405 {
				t.Errorf("%s: %s has status %d", path, to, status)
			}
		}
	}
}
