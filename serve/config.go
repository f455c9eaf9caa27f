package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"time"

	"github.com/textlstm/textlstm/classify"
)

// A Source is where a model comes from.
type Source struct {
	// Name is what requests call the model: letters, digits, dots, hyphens and
	// underscores, 64 at most. Several sources of one name are versions of one model.
	Name string

	// Version tells versions apart, in the characters of Name; "" means 1. The last
	// version of a name answers where a request names none.
	Version string

	// File is a model file, which Reload reads again if it has changed. Model, if not
	// nil, is the model itself.
	File  string
	Model *classify.Model

	// Other, if not nil, answers texts of the languages that it reads where Config.Foreign
	// says that the model does not: multilingual.Model.
	Other *classify.Model
}

// A Config says what to serve and within which bounds. A zero field means the default.
type Config struct {
	// Models has at least one source; the first one's name answers requests that name
	// none.
	Models []Source

	// Foreign, if not nil, returns what tells the language of a text that a model does not
	// read, and nil for a model that does not say what it reads: langid.ForeignTo. Such
	// texts have no label unless the Source has another model for them, or a request wants
	// one.
	Foreign func(*classify.Model) func(text string) string

	MaxBatch int           // texts that are answered together; 64
	MaxDelay time.Duration // how long a text may wait for others to come; 0: it waits only while the processors are busy
	MaxQueue int           // texts that wait or are being answered; 4,096. More are refused with 429
	Workers  int           // batches at a time; as many as there are processors

	MaxBody   int64         // bytes of a body, after decompression; 8 MiB
	MaxBodies int64         // bytes of all bodies, and of lines of streams, that are being read or answered; 128 MiB. More are refused with 429
	MaxTexts  int           // texts of a request; 1,024, at most 65,536
	MaxText   int           // bytes of a text; 100,000
	Timeout   time.Duration // for an answer, and for the next line of a stream; 30 s. A client may ask for less

	// TLS, if not nil, makes Serve answer HTTPS.
	TLS *tls.Config

	// MaxConns bounds the open connections of Serve; 4,096. Others wait to be accepted.
	MaxConns int

	// Drain is how long Serve, when it is to stop, goes on accepting requests while
	// /readyz says that it is not ready; 0 means not at all. Grace is how long it then
	// waits for the requests that it has; 30 s.
	Drain, Grace time.Duration

	// Tokens are the bearer tokens, of which a request must have one; none means that
	// everyone may ask. /healthz, /readyz, /v2/health and the page's files are open.
	Tokens []string

	// Origins are those of web pages, such as https://example.org, that may ask from a
	// browser; none means only the server's own.
	Origins []string

	Pprof    bool         // serve /debug/pprof
	LogTexts bool         // log the texts of requests: they may be private
	Logger   *slog.Logger // nil means no logs
}

// withDefaults fills in the zero fields.
func (c Config) withDefaults() Config {
	def(&c.MaxBatch, 64)
	def(&c.MaxQueue, 4096)
	def(&c.Workers, runtime.GOMAXPROCS(0))
	def(&c.MaxBody, 8<<20)
	def(&c.MaxBodies, 128<<20)
	def(&c.MaxTexts, 1024)
	def(&c.MaxText, 100_000)
	def(&c.Timeout, 30*time.Second)
	def(&c.MaxConns, 4096)
	def(&c.Grace, 30*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// protection refuses requests from pages of other sites, but those of the origins.
func (c *Config) protection() (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	for _, o := range c.Origins {
		if err := p.AddTrustedOrigin(o); err != nil {
			return nil, err
		}
	}
	return p, nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)

// Validate reports all that makes no sense.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	if len(c.Models) == 0 {
		errs = append(errs, errors.New("no model"))
	}
	seen := map[[2]string]bool{}
	for _, s := range c.Models {
		def(&s.Version, "1")
		switch key := [2]string{s.Name, s.Version}; {
		case !plainName.MatchString(s.Name), !plainName.MatchString(s.Version):
			errs = append(errs, fmt.Errorf("model %q, version %q: a name has up to 64 letters, digits, dots, hyphens and underscores", s.Name, s.Version))
		case seen[key]:
			errs = append(errs, fmt.Errorf("model %s has version %s twice", s.Name, s.Version))
		case (s.File == "") == (s.Model == nil):
			errs = append(errs, fmt.Errorf("model %s: want either a file or a model", s.Name))
		default:
			seen[key] = true
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"MaxBatch", int64(c.MaxBatch)}, {"MaxQueue", int64(c.MaxQueue)}, {"Workers", int64(c.Workers)}, {"MaxBody", c.MaxBody},
		{"MaxBodies", c.MaxBodies}, {"MaxTexts", int64(c.MaxTexts)}, {"MaxText", int64(c.MaxText)}, {"MaxConns", int64(c.MaxConns)},
	} {
		if n.value < 0 {
			errs = append(errs, fmt.Errorf("%s %d: want 0 or more", n.name, n.value))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"MaxDelay", c.MaxDelay}, {"Timeout", c.Timeout}, {"Drain", c.Drain}, {"Grace", c.Grace}} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("%s %v: want 0 or more", d.name, d.value))
		}
	}
	if _, err := c.protection(); err != nil {
		errs = append(errs, err)
	}
	for i, t := range c.Tokens {
		if len(t) < 16 {
			errs = append(errs, fmt.Errorf("token %d has %d characters, want at least 16", i+1, len(t)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
