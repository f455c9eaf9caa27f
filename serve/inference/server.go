package inference

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/textlstm/textlstm/serve"
)

// Register has s answer the calls of the protocol with the models of models.
func Register(s grpc.ServiceRegistrar, models *serve.Server) {
	RegisterGRPCInferenceServiceServer(s, server{handler: models})
}

type server struct {
	UnimplementedGRPCInferenceServiceServer
	handler http.Handler
}

// An answer is what a handler writes.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// do puts a request to the handler: a POST where there is a body.
func (s server) do(ctx context.Context, path string, body []byte, header ...string) (*answer, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the model's name makes no path")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for _, name := range []string{"authorization", "x-request-id", "traceparent"} {
			if v := md.Get(name); len(v) == 1 {
				r.Header.Set(name, v[0])
			}
		}
	}
	if p, ok := peer.FromContext(ctx); ok {
		r.RemoteAddr = p.Addr.String()
	}
	a := &answer{header: http.Header{}}
	s.handler.ServeHTTP(a, r)
	if a.status != http.StatusOK {
		return nil, refusal(a)
	}
	return a, nil
}

// refusal is the status that says what an HTTP answer does.
func refusal(a *answer) error {
	var e struct{ Error, Field string }
	if json.Unmarshal(a.body.Bytes(), &e) != nil {
		e.Error = http.StatusText(a.status)
	}
	if e.Field != "" {
		e.Error = e.Field + ": " + e.Error
	}
	code, ok := map[int]codes.Code{
		http.StatusBadRequest: codes.InvalidArgument, http.StatusUnauthorized: codes.Unauthenticated, http.StatusForbidden: codes.PermissionDenied,
		http.StatusNotFound: codes.NotFound, http.StatusRequestTimeout: codes.Canceled, http.StatusRequestEntityTooLarge: codes.InvalidArgument,
		http.StatusTooManyRequests: codes.ResourceExhausted, http.StatusServiceUnavailable: codes.Unavailable, http.StatusGatewayTimeout: codes.DeadlineExceeded,
	}[a.status]
	switch {
	case a.status/100 == 3: // the name is no element of a path, such as ..
		code, e.Error = codes.NotFound, "there is no such model"
	case !ok:
		code = codes.Internal
	}
	return status.Error(code, e.Error)
}

// path is that of a model.
func path(name, version, rest string) string {
	p := "/v2/models/" + url.PathEscape(name)
	if version != "" {
		p += "/versions/" + url.PathEscape(version)
	}
	return p + rest
}

// ServerLive says that the server runs.
func (s server) ServerLive(ctx context.Context, _ *ServerLiveRequest) (*ServerLiveResponse, error) {
	_, err := s.do(ctx, "/v2/health/live", nil)
	return &ServerLiveResponse{Live: err == nil}, nil
}

// ServerReady says whether it takes requests.
func (s server) ServerReady(ctx context.Context, _ *ServerReadyRequest) (*ServerReadyResponse, error) {
	_, err := s.do(ctx, "/v2/health/ready", nil)
	return &ServerReadyResponse{Ready: err == nil}, nil
}

// ModelReady says whether a model answers.
func (s server) ModelReady(ctx context.Context, r *ModelReadyRequest) (*ModelReadyResponse, error) {
	_, err := s.do(ctx, path(r.Name, r.Version, "/ready"), nil)
	if status.Code(err) == codes.NotFound {
		return &ModelReadyResponse{}, nil
	}
	return &ModelReadyResponse{Ready: err == nil}, err
}

// ServerMetadata describes the server.
func (s server) ServerMetadata(ctx context.Context, _ *ServerMetadataRequest) (*ServerMetadataResponse, error) {
	a, err := s.do(ctx, "/v2", nil)
	if err != nil {
		return nil, err
	}
	var m struct{ Name, Version string }
	if err := json.Unmarshal(a.body.Bytes(), &m); err != nil {
		return nil, err
	}
	return &ServerMetadataResponse{Name: m.Name, Version: m.Version}, nil
}

// A tensor is one of the protocol in JSON.
type tensor struct {
	Name       string         `json:"name"`
	Datatype   string         `json:"datatype,omitempty"`
	Shape      []int64        `json:"shape,omitempty"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// ModelMetadata describes a model. Its properties have the labels of the outputs, as JSON.
func (s server) ModelMetadata(ctx context.Context, r *ModelMetadataRequest) (*ModelMetadataResponse, error) {
	a, err := s.do(ctx, path(r.Name, r.Version, ""), nil)
	if err != nil {
		return nil, err
	}
	var m struct {
		Name, Platform  string
		Versions        []string
		Inputs, Outputs []tensor
	}
	if err := json.Unmarshal(a.body.Bytes(), &m); err != nil {
		return nil, err
	}
	out := &ModelMetadataResponse{Name: m.Name, Versions: m.Versions, Platform: m.Platform, Properties: map[string]string{}}
	describe := func(t tensor) *ModelMetadataResponse_TensorMetadata {
		if labels, ok := t.Parameters["labels"]; ok {
			b, err := json.Marshal(labels)
			if err == nil {
				out.Properties[t.Name+".labels"] = string(b)
			}
		}
		return &ModelMetadataResponse_TensorMetadata{Name: t.Name, Datatype: t.Datatype, Shape: t.Shape}
	}
	for _, t := range m.Inputs {
		out.Inputs = append(out.Inputs, describe(t))
	}
	for _, t := range m.Outputs {
		out.Outputs = append(out.Outputs, describe(t))
	}
	return out, nil
}

// ModelInfer answers texts.
func (s server) ModelInfer(ctx context.Context, r *ModelInferRequest) (*ModelInferResponse, error) {
	if len(r.Inputs) != 1 || r.Inputs[0] == nil || len(r.RawInputContents) > 1 {
		return nil, status.Error(codes.InvalidArgument, "inputs: want one input whose name is text")
	}
	in := r.Inputs[0]
	var texts []byte
	switch {
	case len(r.RawInputContents) == 1 && in.Contents != nil:
		return nil, status.Error(codes.InvalidArgument, "inputs[0].contents: the texts are in raw_input_contents too")
	case len(r.RawInputContents) == 1:
		texts = r.RawInputContents[0]
	default:
		for _, text := range in.Contents.GetBytesContents() {
			texts = append(binary.LittleEndian.AppendUint32(texts, uint32(len(text))), text...)
		}
	}
	request := map[string]any{
		"id": r.Id, "parameters": parameters(r.Parameters, map[string]any{"binary_data_output": true}),
		"inputs": []tensor{{Name: in.Name, Datatype: in.Datatype, Shape: in.Shape, Parameters: map[string]any{"binary_data_size": len(texts)}}},
	}
	if len(r.Outputs) > 0 {
		var outputs []tensor
		for _, o := range r.Outputs {
			outputs = append(outputs, tensor{Name: o.GetName(), Parameters: parameters(o.GetParameters(), map[string]any{"binary_data": true})})
		}
		request["outputs"] = outputs
	}
	head, err := json.Marshal(request)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the request cannot be read")
	}
	a, err := s.do(ctx, path(r.ModelName, r.ModelVersion, "/infer"), append(head, texts...), "Inference-Header-Content-Length", strconv.Itoa(len(head)))
	if err != nil {
		return nil, err
	}
	return response(a)
}

// parameters adds those of a message to some of ours.
func parameters(from map[string]*InferParameter, to map[string]any) map[string]any {
	for name, p := range from {
		if _, ours := to[name]; ours {
			continue
		}
		switch v := p.GetParameterChoice().(type) {
		case *InferParameter_BoolParam:
			to[name] = v.BoolParam
		case *InferParameter_Int64Param:
			to[name] = v.Int64Param
		case *InferParameter_Uint64Param:
			to[name] = v.Uint64Param
		case *InferParameter_DoubleParam:
			to[name] = fmt.Sprint(v.DoubleParam) // it may be no number
		case *InferParameter_StringParam:
			to[name] = v.StringParam
		}
	}
	return to
}

// response reads an answer with binary tensors.
func response(a *answer) (*ModelInferResponse, error) {
	n, err := strconv.Atoi(a.header.Get("Inference-Header-Content-Length"))
	if err != nil {
		n = a.body.Len() // no texts, no data
	}
	var head struct {
		Model   string `json:"model_name"`
		Version string `json:"model_version"`
		ID      string
		Outputs []tensor
	}
	if err := json.Unmarshal(a.body.Next(n), &head); err != nil {
		return nil, err
	}
	out := &ModelInferResponse{ModelName: head.Model, ModelVersion: head.Version, Id: head.ID}
	for _, t := range head.Outputs {
		size, _ := t.Parameters["binary_data_size"].(float64)
		data := a.body.Next(int(size))
		if len(data) != int(size) {
			return nil, io.ErrUnexpectedEOF
		}
		out.Outputs = append(out.Outputs, &ModelInferResponse_InferOutputTensor{Name: t.Name, Datatype: t.Datatype, Shape: t.Shape})
		out.RawOutputContents = append(out.RawOutputContents, data)
	}
	return out, nil
}
