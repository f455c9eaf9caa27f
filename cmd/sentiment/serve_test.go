package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serving starts sentiment serve on a free port and returns the address that it names.
func serving(t *testing.T, args ...string) (cmd *exec.Cmd, url string, stderr *bufio.Reader) {
	t.Helper()
	cmd, stderr = start(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	for {
		line, err := stderr.ReadString('\n')
		if err != nil {
			t.Fatalf("%v before the address", err)
		}
		if _, url, ok := strings.Cut(line, "serving "); ok {
			return cmd, strings.TrimSuffix(url, "/\n"), stderr
		}
	}
}

// post asks a server and returns the status and the answer.
func post(t *testing.T, client *http.Client, url, body, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The server answers what sentiment classify prints, reads its files again at SIGHUP,
// and ends well at SIGTERM with what it has begun.
func TestServe(t *testing.T) {
	model := tinyModel(t)
	dir := t.TempDir()
	content, err := os.ReadFile(model)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, filepath.Join(dir, "live.model"), content)
	cmd, url, stderr := serving(t, "--model", "live="+file, "--model", "live@2="+file, "--watch", "0", "--drain", "200ms")
	cmd.Process.Signal(syscall.SIGHUP) // it knows of it once it has said its address

	text := write(t, filepath.Join(dir, "text.txt"), []byte("a lovely film, the best of the year"))
	out, err := exec.CommandContext(t.Context(), "sentiment", "classify", "--model", file, "--output", "jsonl", text).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, record, _ := strings.Cut(strings.TrimSpace(string(out)), `,"sentiment"`)
	status, got := post(t, http.DefaultClient, url+"/v1/classify", `{"text":"a lovely film, the best of the year"}`, "")
	if status != 200 || !strings.Contains(got, `"version":"2"`) || !strings.Contains(got, `,"sentiment"`+record) {
		t.Errorf("status %d, %s, want %s", status, got, out)
	}

	write(t, file, content[:len(content)/2])
	cmd.Process.Signal(syscall.SIGHUP)
	for line := ""; !strings.Contains(line, "the old one goes on"); {
		if line, err = stderr.ReadString('\n'); err != nil {
			t.Fatalf("%v before the word about the bad file", err)
		}
	}
	if status, _ := post(t, http.DefaultClient, url+"/v1/classify", `{"text":"fine"}`, ""); status != 200 {
		t.Errorf("with a bad file: status %d", status)
	}
	go io.Copy(io.Discard, stderr)
	if code, took := signalAndWait(t, cmd, syscall.SIGTERM); code != 0 || took > 10*time.Second {
		t.Errorf("SIGTERM: exit code %d after %v", code, took)
	}
}

// HTTPS, and tokens from a file.
func TestServeTLSAndTokens(t *testing.T) {
	dir := t.TempDir()
	cert, key, pool := certificate(t, dir)
	tokens := write(t, filepath.Join(dir, "tokens"), []byte("# ours\n\n  first-token-of-ours \nsecond-token-of-ours\n"))
	cmd, url, stderr := serving(t, "--tls-cert", cert, "--tls-key", key, "--tokens", tokens, "--quiet")
	go io.Copy(io.Discard, stderr)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	for token, want := range map[string]int{"first-token-of-ours": 200, "second-token-of-ours": 200, "# ours": 401, "": 401} {
		if status, got := post(t, client, url+"/v1/classify", `{"text":"fine"}`, token); status != want {
			t.Errorf("token %q: status %d, want %d: %s", token, status, want, got)
		}
	}
	if code, _ := signalAndWait(t, cmd, os.Interrupt); code != 0 {
		t.Errorf("SIGINT: exit code %d", code)
	}
}

// certificate makes one for this machine.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return write(t, filepath.Join(dir, "cert.pem"), certPEM), write(t, filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})), pool
}
