// A registry in memory that does with tags what ECR does where they are immutable: a tag that is there is not pushed again. What refers
// to an image (OCI 1.1) needs no tag, as in ECR.
package main

import (
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	quiet := registry.Logger(log.New(os.Stderr, "", 0))
	log.Fatal(http.Serve(listener, &immutable{next: registry.New(quiet, registry.WithReferrersSupport(true)), seen: map[string]bool{}}))
}

type immutable struct {
	next http.Handler
	lock sync.Mutex
	seen map[string]bool
}

func (i *immutable) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	tagged := request.Method == http.MethodPut && strings.Contains(request.URL.Path, "/manifests/") && !strings.Contains(request.URL.Path, "sha256:")
	if tagged && i.taken(request.URL.Path) {
		answer.Header().Set("Content-Type", "application/json")
		answer.WriteHeader(http.StatusBadRequest)
		refusal := map[string]string{"code": "TAG_INVALID", "message": "The image tag already exists and cannot be overwritten because the tag is immutable."}
		json.NewEncoder(answer).Encode(map[string]any{"errors": []any{refusal}})
		return
	}
	i.next.ServeHTTP(answer, request)
}

func (i *immutable) taken(path string) bool {
	i.lock.Lock()
	defer i.lock.Unlock()
	before := i.seen[path]
	i.seen[path] = true
	return before
}
