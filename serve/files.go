package serve

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// ParseSource reads a source as "name=file", "name@version=file", or a file alone, which
// is called as it is without its suffix.
func ParseSource(spec string) Source {
	name, file, ok := strings.Cut(spec, "=")
	if !ok {
		name, file = strings.TrimSuffix(filepath.Base(spec), filepath.Ext(spec)), spec
	}
	name, version, _ := strings.Cut(name, "@")
	return Source{Name: name, Version: version, File: file}
}

// ErrNoToken says that a file has no token.
var ErrNoToken = errors.New("the file has no token")

// ReadTokens reads the lines of a file but empty ones and those that begin with #. The
// error of a file without a token wraps ErrNoToken.
func ReadTokens(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var tokens []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			tokens = append(tokens, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s: %w", file, ErrNoToken)
	}
	return tokens, nil
}

// A Certificate is that of a server, which may be read again while it serves. Its methods
// may be called by any number of goroutines.
type Certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

// ReadCertificate reads a certificate and its key, in PEM.
func ReadCertificate(cert, key string) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key}
	return c, c.Reload()
}

// Reload reads the files again. Those that cannot be read leave the certificate as it is.
func (c *Certificate) Reload() error {
	read, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.now.Store(&read)
	return nil
}

// Config is one for TLS 1.2 at least that shows the certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	}
}
