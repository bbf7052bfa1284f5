// Stands where Honeycomb stands: OTLP comes in over HTTP and gRPC, Honeycomb's own husky checks the headers and turns
// every request into events, and the events can be read back with the Go types that husky gave their fields.
//
//	GET /received   what came and what became of it, see `received`
//
// Both listeners are on loopback, on free ports; the first line on standard output names them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/honeycombio/husky/otlp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
)

// requestBytesMax is the largest request over gRPC; over HTTP husky has a limit of its own.
const requestBytesMax = 20 << 20

// field is one value of an event: JSON has one kind of number, Honeycomb's columns have two.
type field struct {
	Type  string `json:"type"`
	Value any    `json:"value"`
}

type event struct {
	Dataset    string           `json:"dataset"`
	Time       string           `json:"time"`
	SampleRate int32            `json:"sample_rate"`
	Fields     map[string]field `json:"fields"`
}

type request struct {
	Transport   string `json:"transport"`
	ContentType string `json:"content_type"`
	Encoding    string `json:"encoding"`
	UserAgent   string `json:"user_agent"`
	// Status is the status that was answered, of HTTP or gRPC.
	Status int    `json:"status"`
	Error  string `json:"error"`
	Events int    `json:"events"`
}

// received is everything since the start, in the order of arrival.
type received struct {
	lock     sync.Mutex
	Requests []request `json:"requests"`
	Events   []event   `json:"events"`
}

func main() {
	kept := &received{Requests: []request{}, Events: []event{}}
	grpcListener, httpListener := listen(), listen()

	grpcServer := grpc.NewServer(grpc.MaxRecvMsgSize(requestBytesMax))
	collector.RegisterTraceServiceServer(grpcServer, &traceService{kept: kept})
	go func() { log.Fatal(grpcServer.Serve(grpcListener)) }()

	http.HandleFunc("POST /v1/traces", kept.overHTTP)
	http.HandleFunc("GET /received", kept.tell)
	fmt.Printf("http=%s grpc=%s\n", httpListener.Addr(), grpcListener.Addr())
	log.Fatal(http.Serve(httpListener, nil))
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func (r *received) overHTTP(w http.ResponseWriter, asked *http.Request) {
	info := otlp.GetRequestInfoFromHttpHeaders(asked.Header)
	result, err := otlp.TranslateTraceRequestFromReader(asked.Context(), asked.Body, info)
	if err != nil {
		refusal := otlp.ErrFailedParseBody
		errors.As(err, &refusal)
		refusal.Message = err.Error()
		r.keep(requestOf("http", info, refusal.HTTPStatusCode, err), nil)
		otlp.WriteOtlpHttpFailureResponse(w, asked, refusal)
		return
	}
	r.keep(requestOf("http", info, http.StatusOK, nil), result)
	otlp.WriteOtlpHttpTraceSuccessResponse(w, asked)
}

type traceService struct {
	collector.UnimplementedTraceServiceServer
	kept *received
}

func (s *traceService) Export(ctx context.Context, asked *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	info := otlp.GetRequestInfoFromGrpcMetadata(ctx)
	result, err := otlp.TranslateTraceRequest(ctx, asked, info)
	if err != nil {
		refusal := otlp.AsGRPCError(err)
		s.kept.keep(requestOf("grpc", info, int(status.Code(refusal)), err), nil)
		return nil, refusal
	}
	s.kept.keep(requestOf("grpc", info, int(codes.OK), nil), result)
	return &collector.ExportTraceServiceResponse{}, nil
}

func requestOf(transport string, info otlp.RequestInfo, answered int, err error) request {
	told := request{
		Transport:   transport,
		ContentType: info.ContentType,
		Encoding:    info.ContentEncoding,
		UserAgent:   info.UserAgent,
		Status:      answered,
	}
	if err != nil {
		told.Error = err.Error()
	}
	return told
}

func (r *received) keep(told request, result *otlp.TranslateOTLPRequestResult) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if result != nil {
		for _, batch := range result.Batches {
			told.Events += len(batch.Events)
			for _, one := range batch.Events {
				r.Events = append(r.Events, eventOf(batch.Dataset, one))
			}
		}
	}
	r.Requests = append(r.Requests, told)
}

func eventOf(dataset string, one otlp.Event) event {
	fields := make(map[string]field, len(one.Attributes))
	for name, value := range one.Attributes {
		fields[name] = field{Type: fmt.Sprintf("%T", value), Value: value}
	}
	return event{Dataset: dataset, Time: one.Timestamp.Format(time.RFC3339Nano), SampleRate: one.SampleRate, Fields: fields}
}

func (r *received) tell(w http.ResponseWriter, _ *http.Request) {
	r.lock.Lock()
	defer r.lock.Unlock()
	w.Header().Set("content-type", "application/json")
	if err := json.NewEncoder(w).Encode(r); err != nil {
		log.Print(err)
	}
}
