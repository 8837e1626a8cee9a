// Command receiver takes webhooks of DataCrowd Lab: it verifies each, answers, drops repeats, and tells where one is missing.
//
//	WEBHOOK_SECRET=whsec_… PORT=8080 go run .
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	largest    = 1 << 20 // bytes; an event has less than 20 kB
	remembered = 100_000 // ids
)

type event struct {
	Type     string          `json:"type"`
	Subject  string          `json:"subject"`
	Sequence string          `json:"sequence"`
	Data     json.RawMessage `json:"data"`
}

// inbox is what came already. In a service this is a table with a unique webhook-id, which a restart does not empty.
type inbox struct {
	sync.Mutex
	ids    map[string]bool
	order  []string
	latest int64 // 0 before the first
}

// take tells whether this is new. Two attempts may arrive at once: it is asked and noted in one step.
func (in *inbox) take(id string, sequence int64) bool {
	in.Lock()
	defer in.Unlock()
	if in.ids[id] {
		return false
	}
	in.ids[id] = true
	in.order = append(in.order, id)
	if len(in.order) > remembered {
		delete(in.ids, in.order[0])
		in.order = in.order[1:]
	}
	if in.latest != 0 && sequence > in.latest+1 {
		fmt.Printf("gap %d to %d\n", in.latest+1, sequence-1)
	}
	in.latest = max(in.latest, sequence)
	return true
}

// handle is your work. The sender has its answer by now, so it may take its time.
func handle(e event, sequence int64) {
	fmt.Printf("event %d %s %s\n", sequence, e.Type, e.Subject)
}

type receiver struct {
	webhook *standardwebhooks.Webhook
	inbox   inbox
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	// As it came: JSON that was parsed and written again has another signature.
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, largest))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	var e event
	var sequence int64
	if err == nil {
		err = r.webhook.Verify(body, request.Header)
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err == nil {
		sequence, err = strconv.ParseInt(e.Sequence, 10, 64)
	}
	if err != nil {
		log.Printf("refused: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id := request.Header.Get(standardwebhooks.HeaderWebhookID)
	w.WriteHeader(http.StatusNoContent) // also to a repeat, or it comes again; sent when this function returns
	if r.inbox.take(id, sequence) {
		go handle(e, sequence)
	} else {
		fmt.Printf("repeat %s\n", id)
	}
}

func main() {
	secret := os.Getenv("WEBHOOK_SECRET")
	if secret == "" { // the library would take it, and anybody could sign
		log.Fatal("set WEBHOOK_SECRET to the secret of the endpoint: whsec_…")
	}
	webhook, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(cmp.Or(os.Getenv("HOST"), "127.0.0.1"), cmp.Or(os.Getenv("PORT"), "8080")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on port %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{
		Handler:     &receiver{webhook: webhook, inbox: inbox{ids: map[string]bool{}}},
		ReadTimeout: 15 * time.Second,
	}
	log.Fatal(server.Serve(listener))
}
