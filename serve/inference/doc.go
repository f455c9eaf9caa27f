// Package inference answers the Open Inference Protocol over gRPC, as KServe and Triton
// speak it, with the models of a [serve.Server]. It is a module of its own, so that nobody
// else links gRPC.
//
// Each call is put to the server as the request of the same meaning over HTTP: the answers
// are the same, bit for bit, and so are limits, tokens (authorization in the metadata), deadlines,
// metrics and logs.
//
// The messages are made of inference.proto with protoc, protoc-gen-go and protoc-gen-go-grpc:
//
//	protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative inference.proto
package inference
