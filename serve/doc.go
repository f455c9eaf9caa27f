// Package serve answers over HTTP: a [Server] is an http.Handler for programs that have
// a server of their own, and [Server.Serve] is the server for those that have none.
//
// # Protocols
//
//   - POST /v1/classify and POST /v1/explain: the project's own JSON, with the records that
//     "sentiment classify" and "sentiment explain" print. JSON lines in, JSON lines out,
//     for streams of any length; an answer that ends well answers all of them.
//   - /v2: the Open Inference Protocol, with JSON and binary tensors, for the clients of
//     KServe and Triton.
//   - POST / and POST /models/NAME: Hugging Face's text classification.
//   - POST /v1/models/NAME:predict: TensorFlow Serving's REST API.
//   - GET /: a page for people; GET /docs: the description of all this, which
//     GET /openapi.json has for programs.
//   - GET /metrics, /healthz and /readyz: for Prometheus and for whoever restarts what hangs.
//
// An answer that is none is one JSON object in every protocol: error has the words, code a
// word for programs, field the field that is wrong, request_id the request's id in the logs.
//
// # Staying up
//
// Texts of all requests wait in one queue, from which they are taken in batches. Where it
// is full a request is refused with 429 and Retry-After rather than kept waiting, so that
// memory is bounded and what was admitted is answered. The size of a body, the number of
// texts and their length are bounded (413), as is the memory of all bodies together. A
// model whose file has changed is replaced between two batches; a request is answered by
// one model throughout. A file that cannot be read leaves the model as it was.
//
// Spans for OpenTelemetry need nothing of this package: wrap the Server as any other
// http.Handler. The id of a traceparent header is in the log of its request.
package serve
