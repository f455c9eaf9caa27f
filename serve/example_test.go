package serve_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/serve"
)

// A program that has a server of its own gives some paths to the models.
func ExampleServer() {
	model, err := pretrained.Default()
	if err != nil {
		log.Fatal(err)
	}
	s, err := serve.New(serve.Config{Models: []serve.Source{{Name: "reviews", Model: model}}})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	mux := http.NewServeMux()
	mux.Handle("/labels/", http.StripPrefix("/labels", s))
	server := httptest.NewServer(mux)
	defer server.Close()

	body := `{"text": "A wonderful, moving film.", "heads": ["sentiment"]}`
	resp, err := http.Post(server.URL+"/labels/v1/classify", "application/json", strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, strings.Contains(string(b), `"label":"positive"`))
	// Output: 200 OK true
}
