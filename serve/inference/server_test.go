package inference

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/textlstm/textlstm/pretrained"
	"github.com/textlstm/textlstm/serve"
)

// connect starts a server of the embedded model and returns a client of it.
func connect(t testing.TB, c serve.Config) GRPCInferenceServiceClient {
	t.Helper()
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	c.Models = []serve.Source{{Name: "default", Model: m}}
	s, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	Register(g, s)
	go g.Serve(l)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		g.Stop()
		s.Close()
	})
	return NewGRPCInferenceServiceClient(conn)
}

func request(texts ...string) *ModelInferRequest {
	in := &ModelInferRequest_InferInputTensor{Name: "text", Datatype: "BYTES", Shape: []int64{int64(len(texts))}, Contents: new(InferTensorContents)}
	for _, text := range texts {
		in.Contents.BytesContents = append(in.Contents.BytesContents, []byte(text))
	}
	return &ModelInferRequest{ModelName: "default", Id: "7", Inputs: []*ModelInferRequest_InferInputTensor{in}}
}

// raw is a request with its texts outside the tensor.
func raw(r *ModelInferRequest) *ModelInferRequest {
	var b []byte
	for _, text := range r.Inputs[0].Contents.BytesContents {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(text))), text...)
	}
	r.Inputs[0].Contents, r.RawInputContents = nil, [][]byte{b}
	return r
}

// The answers are the model's, in every bit, for either kind of request.
func TestModelInfer(t *testing.T) {
	m, err := pretrained.Default()
	if err != nil {
		t.Fatal(err)
	}
	client := connect(t, serve.Config{})
	texts := []string{"A wonderful film.", "", "The \"room\" was cold & awful 😀"}
	for name, r := range map[string]*ModelInferRequest{"contents": request(texts...), "raw contents": raw(request(texts...))} {
		t.Run(name, func(t *testing.T) {
			r.ModelVersion = "1"
			r.Outputs = []*ModelInferRequest_InferRequestedOutputTensor{{Name: "topic_probs"}, {Name: "sentiment"}}
			out, err := client.ModelInfer(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if out.Id != "7" || out.ModelName != "default" || len(out.Outputs) != 2 || fmt.Sprint(out.Outputs[0].Shape) != "[3 4]" || out.Outputs[1].Datatype != "BYTES" {
				t.Fatalf("got %v", out)
			}
			probs, labels := out.RawOutputContents[0], out.RawOutputContents[1]
			for _, text := range texts {
				p := m.Predict(text)
				for _, want := range p.Scores[1].Probs {
					if got := math.Float32frombits(binary.LittleEndian.Uint32(probs)); got != want {
						t.Errorf("%q: probability %v, want %v", text, got, want)
					}
					probs = probs[4:]
				}
				n := binary.LittleEndian.Uint32(labels)
				if got := string(labels[4 : 4+n]); got != p.Label("sentiment") {
					t.Errorf("%q: label %s, want %s", text, got, p.Label("sentiment"))
				}
				labels = labels[4+n:]
			}
			if len(probs)+len(labels) != 0 {
				t.Errorf("%d bytes are left", len(probs)+len(labels))
			}
		})
	}
}

func TestState(t *testing.T) {
	client := connect(t, serve.Config{})
	live, err := client.ServerLive(t.Context(), &ServerLiveRequest{})
	if err != nil || !live.Live {
		t.Errorf("live: %v, %v", live, err)
	}
	ready, err := client.ServerReady(t.Context(), &ServerReadyRequest{})
	if err != nil || !ready.Ready {
		t.Errorf("ready: %v, %v", ready, err)
	}
	for name, want := range map[string]bool{"default": true, "nobody": false, "../default": false} {
		if r, err := client.ModelReady(t.Context(), &ModelReadyRequest{Name: name}); err != nil || r.Ready != want {
			t.Errorf("model %s: %v, %v", name, r, err)
		}
	}
	s, err := client.ServerMetadata(t.Context(), &ServerMetadataRequest{})
	if err != nil || s.Name != "textlstm" {
		t.Errorf("server: %v, %v", s, err)
	}
	m, err := client.ModelMetadata(t.Context(), &ModelMetadataRequest{Name: "default"})
	if err != nil || m.Inputs[0].Name != "text" || len(m.Outputs) != 4 || m.Properties["sentiment_probs.labels"] != `["negative","neutral","positive"]` {
		t.Errorf("model: %v, %v", m, err)
	}
}

// What is wrong with a call is its status, with the field.
func TestRefusals(t *testing.T) {
	client := connect(t, serve.Config{MaxText: 100})
	change := func(f func(*ModelInferRequest)) *ModelInferRequest {
		r := raw(request("a", "b"))
		f(r)
		return r
	}
	for name, test := range map[string]struct {
		request *ModelInferRequest
		code    codes.Code
		says    string
	}{
		"no input":      {&ModelInferRequest{ModelName: "default"}, codes.InvalidArgument, "inputs"},
		"unknown model": {change(func(r *ModelInferRequest) { r.ModelName = "a/../b" }), codes.NotFound, "no model"},
		"no model":      {change(func(r *ModelInferRequest) { r.ModelName = "" }), codes.NotFound, ""},
		"dots":          {change(func(r *ModelInferRequest) { r.ModelName = ".." }), codes.NotFound, "no such model"},
		"wrong shape":   {change(func(r *ModelInferRequest) { r.Inputs[0].Shape = []int64{3} }), codes.InvalidArgument, "inputs[0].shape"},
		"huge shape":    {change(func(r *ModelInferRequest) { r.Inputs[0].Shape = []int64{1 << 62, 4} }), codes.InvalidArgument, "inputs[0].shape"},
		"wrong type":    {change(func(r *ModelInferRequest) { r.Inputs[0].Datatype = "FP32" }), codes.InvalidArgument, "inputs[0].datatype"},
		"lying length":  {change(func(r *ModelInferRequest) { r.RawInputContents[0][3] = 0xff }), codes.InvalidArgument, "element 0"},
		"twice":         {change(func(r *ModelInferRequest) { r.Inputs[0].Contents = new(InferTensorContents) }), codes.InvalidArgument, "inputs[0].contents"},
		"nothing": {change(func(r *ModelInferRequest) {
			r.Inputs[0], r.RawInputContents = new(ModelInferRequest_InferInputTensor), nil
		}), codes.InvalidArgument, "inputs"},
		"output": {change(func(r *ModelInferRequest) {
			r.Outputs = []*ModelInferRequest_InferRequestedOutputTensor{{Name: "logits"}}
		}), codes.InvalidArgument, "outputs[0].name"},
		"long text": {request(strings.Repeat("a", 101)), codes.InvalidArgument, "inputs[0].data[0]"},
		"no number": {change(func(r *ModelInferRequest) {
			r.Parameters = map[string]*InferParameter{"timeout": {ParameterChoice: &InferParameter_DoubleParam{DoubleParam: math.NaN()}}}
		}), codes.InvalidArgument, "parameters.timeout"},
	} {
		_, err := client.ModelInfer(t.Context(), test.request)
		if s := status.Convert(err); s.Code() != test.code || !strings.Contains(s.Message(), test.says) || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if _, err := client.ModelInfer(ctx, request("a")); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("deadline: %v", err)
	}
	if _, err := client.ModelInfer(t.Context(), request("fine")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestTokens(t *testing.T) {
	client := connect(t, serve.Config{Tokens: []string{"a-token-of-this-test"}})
	for token, want := range map[string]codes.Code{"": codes.Unauthenticated, "Bearer another-token": codes.Unauthenticated, "Bearer a-token-of-this-test": codes.OK} {
		_, err := client.ModelInfer(metadata.AppendToOutgoingContext(t.Context(), "authorization", token), request("a"))
		if status.Code(err) != want {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// Any message is answered or refused.
func FuzzModelInfer(f *testing.F) {
	m, err := pretrained.Default()
	if err != nil {
		f.Fatal(err)
	}
	models, err := serve.New(serve.Config{Models: []serve.Source{{Name: "default", Model: m}}, MaxText: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(models.Close)
	f.Add("default", "", "text", "BYTES", int64(1), []byte("\x01\x00\x00\x00a"), "topic")
	f.Add("..", "%2f", "", "", int64(-1), []byte{}, "")
	f.Fuzz(func(t *testing.T, model, version, name, kind string, n int64, data []byte, output string) {
		r := &ModelInferRequest{
			ModelName: model, ModelVersion: version, RawInputContents: [][]byte{data},
			Inputs:  []*ModelInferRequest_InferInputTensor{{Name: name, Datatype: kind, Shape: []int64{n}}},
			Outputs: []*ModelInferRequest_InferRequestedOutputTensor{{Name: output}},
		}
		out, err := server{handler: models}.ModelInfer(t.Context(), r)
		if (out == nil) == (err == nil) {
			t.Fatalf("%v, %v", out, err)
		}
	})
}
