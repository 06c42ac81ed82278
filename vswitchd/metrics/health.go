package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// trialTime is how long a worker may take to answer.
const trialTime = time.Second

// Health is the answer of /healthz.
type Health struct {
	Healthy bool           `json:"healthy"` // every worker took a frame through
	Ready   bool           `json:"ready"`   // every object of the configuration was tried
	Workers []WorkerHealth `json:"workers"`
}

// WorkerHealth is what became of the frame of one worker.
type WorkerHealth struct {
	Worker int    `json:"worker"`
	Error  string `json:"error,omitempty"` // "" if it came through
}

// health sends a frame through each worker, and answers 200 if all came through.
func health(s Source) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), trialTime)
		defer cancel()
		h := Health{Healthy: true, Ready: s.State().Ready, Workers: []WorkerHealth{}}
		for _, t := range s.Datapath.Trial(ctx) {
			worker := WorkerHealth{Worker: t.Worker}
			if t.Err != nil {
				h.Healthy = false
				worker.Error = t.Err.Error()
			}
			if errors.Is(t.Err, context.DeadlineExceeded) {
				worker.Error = fmt.Sprintf("hangs: the frame did not come back within %v", trialTime)
			}
			h.Workers = append(h.Workers, worker)
		}
		if len(h.Workers) == 0 {
			h.Healthy = false // it is ending
		}
		write(w, r, &h)
	})
}

func write(w http.ResponseWriter, r *http.Request, h *Health) {
	contentType, body := "text/plain; charset=utf-8", []byte(h.text())
	if wantsJSON(r) {
		contentType = "application/json"
		// A value of these types has a JSON form.
		body, _ = json.Marshal(h)
		body = append(body, '\n')
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	if !h.Healthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A client that is gone has its answer no more.
	_, _ = w.Write(body)
}

func (h *Health) text() string {
	var b strings.Builder
	word := "ok"
	if !h.Healthy {
		word = "not healthy"
	}
	fmt.Fprintf(&b, "%s: %d workers\n", word, len(h.Workers))
	for _, w := range h.Workers {
		if w.Error != "" {
			fmt.Fprintf(&b, "worker %d: %s\n", w.Worker, w.Error)
		}
	}
	if !h.Ready {
		b.WriteString("the configuration is still being carried out\n")
	}
	return b.String()
}
