package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Serve answers on l until ctx ends, and returns when what was admitted is answered: nil,
// or an error if that took longer than Config.Grace. It closes l.
//
// When ctx ends /readyz says so and connections are closed after their next answer; for
// Config.Drain requests are still accepted, so that those who balance the load can turn
// elsewhere.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.config.Timeout + 30*time.Second,
		WriteTimeout:      2*s.config.Timeout + 30*time.Second,
		IdleTimeout:       2 * time.Minute,
		TLSConfig:         s.config.TLS,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.config.Logger.Handler(), slog.LevelWarn),
	}
	stopped := make(chan error, 1)
	l = netutil.LimitListener(l, s.config.MaxConns)
	if s.config.TLS != nil {
		go func() { stopped <- server.ServeTLS(l, "", "") }()
	} else {
		go func() { stopped <- server.Serve(l) }()
	}
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.config.Logger.Info("stopping", "drain", s.config.Drain.String(), "open", s.metrics.open.Load())
	time.Sleep(s.config.Drain)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Grace)
	defer cancel()
	err := server.Shutdown(ending)
	if err != nil {
		err = errors.Join(errors.New("serve: requests were cut off: they took longer than the grace"), server.Close())
	}
	s.config.Logger.Info("stopped")
	return err
}

// Watch looks at the model files every so often until ctx ends, and reloads those that
// have changed as Reload does.
func (s *Server) Watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			changed, err := s.models.reload(false)
			s.told(changed, err)
		case <-ctx.Done():
			return
		}
	}
}

// told logs what a reload did.
func (s *Server) told(changed []string, err error) {
	if len(changed) > 0 {
		s.config.Logger.Info("models were replaced", "models", changed)
	}
	if err != nil {
		s.config.Logger.Error("a model was not replaced: the old one goes on", "cause", err.Error())
	}
}
