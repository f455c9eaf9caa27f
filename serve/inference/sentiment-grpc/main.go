// Command sentiment-grpc answers the Open Inference Protocol over gRPC and, beside it, all
// that "sentiment serve" answers over HTTP.
//
//	sentiment-grpc -model reviews=reviews.model -grpc 127.0.0.1:8001 -http 127.0.0.1:8000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/pretrained/multilingual"
	"github.com/textlstm/textlstm/serve"
	"github.com/textlstm/textlstm/serve/inference"
)

func main() {
	var c serve.Config
	grpcAddr := flag.String("grpc", "127.0.0.1:8001", "`address` for gRPC")
	httpAddr := flag.String("http", "127.0.0.1:8000", "`address` for HTTP")
	flag.Func("model", "`name=file` of a model; may be repeated (default: the embedded model, called default)", func(s string) error {
		name, file, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want name=file")
		}
		name, version, _ := strings.Cut(name, "@")
		c.Models = append(c.Models, serve.Source{Name: name, Version: version, File: file})
		return nil
	})
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c.Foreign = langid.ForeignTo
	c.Logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	if err := run(ctx, c, *grpcAddr, *httpAddr); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends and all that was admitted is answered.
func run(ctx context.Context, c serve.Config, grpcAddr, httpAddr string) error {
	if c.Models == nil {
		m, err := pretrained.Default()
		if err != nil {
			return err
		}
		other, err := multilingual.Model()
		if err != nil {
			return err
		}
		c.Models = []serve.Source{{Name: "default", Model: m, Other: other}}
	}
	s, err := serve.New(c)
	if err != nil {
		return err
	}
	defer s.Close()
	calls, err := net.Listen("tcp", grpcAddr)
	if err != nil {
		return err
	}
	requests, err := net.Listen("tcp", httpAddr)
	if err != nil {
		return err
	}
	go s.Watch(ctx, 5*time.Second)
	g := grpc.NewServer()
	inference.Register(g, s)
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(calls) }()
	fmt.Fprintf(os.Stderr, "sentiment-grpc: serving gRPC at %s and http://%s/\n", calls.Addr(), requests.Addr())
	err = s.Serve(ctx, requests)
	g.GracefulStop()
	return errors.Join(err, <-ended)
}
