package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vswitch/vswitchd/lobby"
)

// Bounds of what clients may cost.
const (
	maxConnections = 64
	maxScrapes     = 2 // that are gathered at a time; others wait
	maxHeader      = 16 << 10
	headerTime     = 5 * time.Second
	requestTime    = 10 * time.Second
	answerTime     = 60 * time.Second // for a client to take it
	idleTime       = 2 * time.Minute
)

// Server serves a source.
type Server struct {
	listener net.Listener
	http     *http.Server
	handler  atomic.Pointer[http.ServeMux]
	ended    sync.WaitGroup
}

// Options say what is served where.
type Options struct {
	Listen string // HOST:PORT
	Pprof  bool   // /debug/pprof too
	Log    *slog.Logger
}

// Listen opens the address and serves it until Close.
func Listen(o Options, source Source) (*Server, error) {
	mux, err := newMux(o, source)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, err
	}
	guests := lobby.New(maxConnections)
	s := &Server{listener: l}
	s.handler.Store(mux)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.Load().ServeHTTP(w, r) }),
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
		ConnState: func(c net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew, http.StateActive:
				guests.Enter(c)
			case http.StateClosed, http.StateHijacked:
				guests.Leave(c)
			}
		},
	}
	s.ended.Go(func() {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("metrics are not served any more", "error", err)
		}
	})
	return s, nil
}

// Change serves another source, with other options, at the same address.
func (s *Server) Change(o Options, source Source) error {
	mux, err := newMux(o, source)
	if err == nil {
		s.handler.Store(mux)
	}
	return err
}

// Address is where the server listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close ends the server and its connections.
func (s *Server) Close() error {
	err := s.http.Close()
	s.ended.Wait()
	return err
}

func newMux(o Options, source Source) (*http.ServeMux, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		newCollector(source), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", gathered(promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true}), maxScrapes))
	mux.Handle("GET /healthz", health(source))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "vswitchd\n/metrics for Prometheus\n/healthz: do the workers forward?\n")
	})
	if o.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux, nil
}

// gathered lets at most n requests at a time make their answers. A client that is
// slow to take one does not count: it has it in a buffer of its own.
func gathered(inner http.Handler, n int) http.Handler {
	places := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		answer := recorder{header: w.Header(), code: http.StatusOK}
		func() {
			defer func() { <-places }()
			inner.ServeHTTP(&answer, r)
		}()
		w.WriteHeader(answer.code)
		// A client that is gone has its answer no more.
		_, _ = w.Write(answer.body.Bytes())
	})
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(code int)        { r.code = code }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// wantsJSON reports whether a request asks for JSON.
func wantsJSON(r *http.Request) bool {
	return r.URL.Query().Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json")
}
