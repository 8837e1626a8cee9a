// Command webhook-sign reads vectors from its standard input, as crates/notifications/tests/vectors.json has them, and
// prints what the official library for Go signs for each.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	var vectors []struct {
		ID        string
		Timestamp int64
		Body      string
		Secret    string
	}
	if err := json.NewDecoder(os.Stdin).Decode(&vectors); err != nil {
		log.Fatal(err)
	}
	for _, v := range vectors {
		webhook, err := standardwebhooks.NewWebhook(v.Secret)
		if err != nil {
			log.Fatal(err)
		}
		signature, err := webhook.Sign(v.ID, time.Unix(v.Timestamp, 0), []byte(v.Body))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(signature)
	}
}
