package serve

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/textlstm/textlstm/classify"
)

// metrics are what Prometheus sees. Labels have few values: those that a request could
// choose, such as a path, are none of them.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec   // by protocol and status
	seconds  *prometheus.HistogramVec // by protocol
	batches  prometheus.Histogram     // texts
	texts    *prometheus.CounterVec   // by model
	tokens   *prometheus.CounterVec   // by model
	unknown  *prometheus.CounterVec   // by model
	labels   *prometheus.CounterVec   // by model, head and label
	foreign  *prometheus.CounterVec   // by model and language
	info     *prometheus.GaugeVec
	reloads  *prometheus.CounterVec
	open     atomic.Int64
}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "textlstm_" + name, Help: help}, labels)
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("requests_total", "Requests that were answered, by protocol and HTTP status.", "protocol", "code"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "textlstm_request_seconds", Help: "Time from the header of a request to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"protocol"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "textlstm_batch_texts", Help: "Texts that were answered together.", Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}),
		texts:   counter("texts_total", "Texts and sentences that were answered.", "model", "version"),
		tokens:  counter("tokens_total", "Tokens that were read.", "model", "version"),
		unknown: counter("unknown_tokens_total", "Tokens outside the vocabulary: their share says whether texts are of the kind that the model has learned.", "model", "version"),
		labels:  counter("labels_total", "Likeliest labels: their shares drift where texts do.", "model", "version", "head", "label"),
		foreign: counter("foreign_texts_total", "Texts of languages that the model does not read.", "model", "version", "language"),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "textlstm_model_info", Help: "1 for each model that answers; revision is of its file.",
		}, []string{"model", "version", "revision"}),
		reloads: counter("reloads_total", "Files that were read again, by what came of it.", "model", "version", "result"),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "textlstm_requests_open", Help: "Requests that are being answered."},
		func() float64 { return float64(m.open.Load()) })
	m.registry.MustRegister(m.requests, m.seconds, m.batches, m.texts, m.tokens, m.unknown, m.labels, m.foreign, m.info, m.reloads, open,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watch adds what a queue and the memory of bodies show.
func (m *metrics) watch(q *queue, bodies *budget) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "textlstm_queue_texts", Help: "Texts that wait or are being answered."},
			func() float64 { return float64(q.waiting.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "textlstm_body_bytes", Help: "Bytes of the bodies that are being read or answered."},
			func() float64 { return float64(bodies.used.Load()) }))
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// request counts one.
func (m *metrics) request(protocol string, status int, took time.Duration) {
	m.requests.WithLabelValues(protocol, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(protocol).Observe(took.Seconds())
}

// answered counts a batch.
func (m *metrics) answered(by *model, answers []classify.Prediction) {
	m.batches.Observe(float64(len(answers)))
	tokens, unknown := 0, 0
	for _, p := range answers {
		tokens += p.Tokens
		unknown += p.Unknown
		for h, s := range p.Scores {
			if by.labels[h] != nil {
				by.labels[h][s.Label].Inc()
			}
		}
	}
	m.texts.WithLabelValues(by.Identity.Model, by.Version).Add(float64(len(answers)))
	m.tokens.WithLabelValues(by.Identity.Model, by.Version).Add(float64(tokens))
	m.unknown.WithLabelValues(by.Identity.Model, by.Version).Add(float64(unknown))
}

// serves says that next takes the place of old, nil for none, and returns the counters of
// its labels.
func (m *metrics) serves(old, next *model) [][]prometheus.Counter {
	const most = 200 // labels of a head that are worth a time series each
	if old != nil {
		m.info.DeleteLabelValues(old.Identity.Model, old.Version, old.Revision)
	}
	m.info.WithLabelValues(next.Identity.Model, next.Version, next.Revision).Set(1)
	heads := next.Heads()
	counters := make([][]prometheus.Counter, len(heads))
	for h, head := range heads {
		if !head.Labelled() || len(head.Labels) > most {
			continue
		}
		for _, label := range head.Labels {
			counters[h] = append(counters[h], m.labels.WithLabelValues(next.Identity.Model, next.Version, head.Name, label))
		}
	}
	return counters
}

// foreigners is tell, whose texts are counted.
func (m *metrics) foreigners(by *model, tell func(text string) string) func(text string) string {
	return func(text string) string {
		language := tell(text)
		if language != "" {
			m.foreign.WithLabelValues(by.Identity.Model, by.Version, language).Inc()
		}
		return language
	}
}

func (m *metrics) reloaded(name, version string, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.reloads.WithLabelValues(name, version, result).Inc()
}
