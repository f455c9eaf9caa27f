package inference_test

import (
	"log"
	"net"

	"google.golang.org/grpc"

	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/serve"
	"github.com/textlstm/textlstm/serve/inference"
)

// A gRPC server with the embedded model.
func ExampleRegister() {
	m, err := pretrained.Default()
	if err != nil {
		log.Fatal(err)
	}
	models, err := serve.New(serve.Config{Models: []serve.Source{{Name: "default", Model: m}}})
	if err != nil {
		log.Fatal(err)
	}
	defer models.Close()
	s := grpc.NewServer()
	inference.Register(s, models)
	l, err := net.Listen("tcp", "127.0.0.1:8001")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(s.Serve(l))
}
