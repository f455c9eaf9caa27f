package sentiment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/textlstm/textlstm/internal/cli"
	"github.com/textlstm/textlstm/internal/stop"
	"github.com/textlstm/textlstm/pretrained/langid"
	"github.com/textlstm/textlstm/pretrained/multilingual"
	"github.com/textlstm/textlstm/serve"
)

// serveFlags are the flags of sentiment serve that are no fields of its config.
type serveFlags struct {
	config      serve.Config
	addr        string
	models      []string
	cert, key   string
	tokens      string
	watch       time.Duration
	quiet       bool
	certificate *serve.Certificate // nil for plain HTTP
}

func newServe() *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Answer over HTTP",
		Long: `Serve answers over HTTP: a page for people, and for programs the project's own JSON,
the Open Inference Protocol (KServe, Triton), Hugging Face's text classification and
TensorFlow Serving's :predict; /docs describes them. Without --model it serves the
embedded model, and the multilingual one answers for it as in sentiment classify.

A model file that changes is read again and replaces the old one between two
answers; a file that cannot be read leaves the old one. SIGHUP does the same at once,
and reads the certificate again. SIGINT and SIGTERM stop the server when what it
has admitted is answered.

It listens on this machine alone unless --addr says otherwise. Logs are JSON lines
on standard error and hold no texts.`,
		Example: `  sentiment serve
  sentiment serve --addr :8080 --model reviews=reviews.model --model tickets@2=new.model --tokens tokens.txt`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(cmd.Flags()); err != nil {
				return cli.UsageError(err)
			}
			return s.run(cmd.Context())
		},
	}
	s.addFlags(cmd)
	return cmd
}

func (s *serveFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on; :8080 is every one of this machine")
	f.StringArrayVarP(&s.models, "model", "m", nil, "`name=file` or name@version=file of a model; may be repeated, the first answers where none is named")
	f.DurationVar(&s.watch, "watch", 5*time.Second, "look this often whether a model file has changed; 0 for never")
	f.IntVar(&s.config.MaxBatch, "max-batch", 64, "texts that are answered together")
	f.DurationVar(&s.config.MaxDelay, "max-delay", 0, "how long a text may wait for others, beyond the time that the processors are busy")
	f.IntVar(&s.config.MaxQueue, "max-queue", 4096, "texts that wait or are being answered; more are refused with 429")
	f.Int64Var(&s.config.MaxBody, "max-body", 8<<20, "`bytes` of a request")
	f.IntVar(&s.config.MaxTexts, "max-texts", 1024, "texts of a request")
	f.IntVar(&s.config.MaxText, "max-text", 100_000, "`bytes` of a text")
	f.IntVar(&s.config.MaxConns, "max-conns", 4096, "open connections")
	f.DurationVar(&s.config.Timeout, "timeout", 30*time.Second, "time for an answer")
	f.DurationVar(&s.config.Drain, "drain", 0, "after SIGTERM, go on accepting requests for this long while /readyz says no")
	f.DurationVar(&s.config.Grace, "grace", 30*time.Second, "after that, wait this long for open requests")
	f.StringVar(&s.cert, "tls-cert", "", "`file` of the certificate, for HTTPS")
	f.StringVar(&s.key, "tls-key", "", "`file` of its key")
	f.StringVar(&s.tokens, "tokens", "", "`file` of bearer tokens, one a line; a request must have one")
	f.StringArrayVar(&s.config.Origins, "cors-origin", nil, "`origin` of web pages that may ask, such as https://example.org; may be repeated")
	f.BoolVar(&s.config.Pprof, "pprof", false, "serve /debug/pprof")
	f.BoolVar(&s.config.LogTexts, "log-texts", false, "log the texts of requests, which may be private")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "log errors alone, not every request")
	for _, name := range []string{"tls-cert", "tls-key", "tokens"} {
		cli.Must(cmd.MarkFlagFilename(name))
	}
}

// check reports a flag whose value makes no sense, whatever the others and the files are.
func (s *serveFlags) check(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		switch v := f.Value.String(); f.Value.Type() {
		case "int", "int64", "duration":
			if strings.HasPrefix(v, "-") {
				err = fmt.Errorf("--%s %s: want 0 or more", f.Name, v)
			}
		}
	})
	if err != nil {
		return err
	}
	for _, o := range s.config.Origins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(o); err != nil {
			return fmt.Errorf("--cors-origin %s: %w", o, err)
		}
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil {
		return fmt.Errorf("--addr %s: %w", s.addr, err)
	}
	return nil
}

// run serves until ctx ends, and then until what was admitted is answered.
func (s *serveFlags) run(ctx context.Context) error {
	if err := s.configure(); err != nil {
		return err
	}
	server, err := serve.New(s.config)
	if err != nil {
		return cli.WithCode(cli.Model, err)
	}
	defer server.Close()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	defer stop.UntilSignal(ctx)()
	defer s.reload(ctx, server)()
	s.say(l) // not before: who knows the address may send signals
	return server.Serve(ctx, l)
}

// configure completes the config from the flags.
func (s *serveFlags) configure() error {
	level := slog.LevelInfo
	if s.quiet {
		level = slog.LevelError
	}
	s.config.Logger = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	for _, spec := range s.models {
		s.config.Models = append(s.config.Models, serve.ParseSource(spec))
	}
	if len(s.models) == 0 {
		m, err := loadModel("")
		if err != nil {
			return err
		}
		other, err := multilingual.Model()
		if err != nil {
			return err
		}
		s.config.Models = []serve.Source{{Name: "default", Model: m, Other: other}}
	}
	s.config.Foreign = langid.ForeignTo
	if (s.cert == "") != (s.key == "") {
		return cli.Usagef("--tls-cert and --tls-key go together")
	}
	var err error
	if s.cert != "" {
		if s.certificate, err = serve.ReadCertificate(s.cert, s.key); err != nil {
			return fmt.Errorf("--tls-cert %s, --tls-key %s: %w", s.cert, s.key, err)
		}
		s.config.TLS = s.certificate.Config()
	}
	if s.tokens != "" {
		if s.config.Tokens, err = serve.ReadTokens(s.tokens); errors.Is(err, serve.ErrNoToken) {
			return cli.Usagef("--tokens %w", err)
		} else if err != nil {
			return err
		}
	}
	if err := s.config.Validate(); err != nil {
		return cli.UsageError(err)
	}
	return nil
}

// say says where the page is.
func (s *serveFlags) say(l net.Listener) {
	scheme := "http"
	if s.cert != "" {
		scheme = "https"
	}
	fmt.Fprintf(os.Stderr, "sentiment: serving %s://%s/\n", scheme, l.Addr())
}

// reload reads files again when they change and at SIGHUP, until it is stopped.
func (s *serveFlags) reload(ctx context.Context, server *serve.Server) (stop func()) {
	if s.watch > 0 {
		go server.Watch(ctx, s.watch)
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for range hup {
			server.Reload() // it logs what it did
			if s.certificate != nil {
				if err := s.certificate.Reload(); err != nil {
					s.config.Logger.Error("the certificate was not replaced", "cause", err.Error())
				}
			}
		}
	}()
	return func() {
		signal.Stop(hup)
		close(hup)
	}
}
