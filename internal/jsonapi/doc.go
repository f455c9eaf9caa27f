// Package jsonapi answers the project's own JSON: requests to classify and to explain
// texts, and the list of models. It knows nothing of HTTP, so that the server and the
// page that runs in a browser share it.
package jsonapi
