.DEFAULT_GOAL := help
.PHONY: help web web-dev web-check web-browser screenshots drill up down status logs kubeconfig demo example-audio detect test test-charts test-terraform terraform-local test-unit test-operator test-contract test-e2e coverage soak replay bench-load bench-claim bench-overlap bench-crowd bench-events bench-upload bench-start bench-operator bench-peers bench-console check fmt generate

help: ## list the targets
	@sed -nE 's/\$$\$$/$$/; s/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

up: ## start the platform on this machine, or bring it up to date with the sources
	@dev/platform/up

down: ## stop the platform and delete its data
	@dev/platform/down

status: ## show the processes and addresses of the platform
	@dev/platform/status

logs: ## follow the logs of the platform's pods
	@dev/platform/logs --follow --tail=50

kubeconfig: ## print the path of the platform's kubeconfig: export KUBECONFIG=$$(make -s kubeconfig)
	@test -e .dev/kubeconfig || { echo "the platform is down; make up" >&2; exit 1; }
	@echo $(CURDIR)/.dev/kubeconfig

demo: up ## run the whole flow on the platform, from an upload to an export
	@. .dev/env && dev/platform/demo

example-audio: up ## train a model on voices and have the platform tell people from machines
	@examples/audio-authenticity/run

detect: ## have the platform say whether a machine speaks in a recording: make detect FILE=recording.wav
	@examples/audio-authenticity/detect "$(FILE)"

test: ## run every check and every test, and the services they need
	@dev/test/run

test-charts: ## test the charts, alerts and GitOps examples, on a real API server
	@dev/test/run charts

test-terraform: ## format, scan and evaluate the Terraform modules, without a provider
	@dev/test/run terraform

terraform-local: ## apply and destroy the Terraform example against a local fake AWS; the first time takes 45 minutes
	@dev/terraform/apply-locally

test-unit: ## run the tests that need no cluster, against a real Postgres and S3 server
	@dev/test/run unit

test-operator: ## run the operator's tests against a real Kubernetes control plane
	@dev/test/run operator

test-contract: ## fuzz the API by its OpenAPI description, as every role: no 5xx, no schema violation
	@dev/test/run contract

test-e2e: ## run the end-to-end tests on the platform
	@dev/test/run e2e

drill: ## back up, destroy and restore a platform made for it, and compare
	@dev/test/run drill

coverage: ## measure which lines the tests run: target/coverage/html/index.html, target/coverage/lcov.info
	@dev/test/run unit operator contract coverage

soak: ## run the randomized tests at their full counts: hours
	@E2E_SCALE=full TEST_SCALE=full CONTRACT_SECONDS=1200 dev/test/run unit contract browser e2e

replay: up ## replay 74,160 recorded ratings through 20 workers, and compare the means in the export
	@. .dev/env && E2E_SCALE=full cargo test --workspace --test promises -- recorded_crowd --nocapture

bench-claim: ## measure next, claim and submit by many clients; ARGS="--tasks 10000,100000"
	@dev/bench claim $(ARGS)

bench-overlap: ## replay 74,160 recorded ratings with dynamic overlap, a run for each confidence; ARGS="--items 1000"
	@dev/bench overlap $(ARGS)

bench-crowd: ## let a hundred workers label recorded items of whom thirty say anything, and see whom the platform blocks; ARGS="--items 3000"
	@dev/bench crowd $(ARGS)

bench-events: ## measure what telling everybody of everything costs those who work, and how fast webhooks are delivered
	@dev/bench events $(ARGS)

bench-upload: ## measure the API server's memory while 1 GiB arrives
	@dev/bench upload $(ARGS)

bench-start: ## measure how soon the API server is ready, and its memory while idle
	@dev/bench start $(ARGS)

bench-operator: ## measure the operator with 2,000 suspended Datasets; ARGS="--datasets 10000 --delete"
	@dev/bench operator $(ARGS)

bench-peers: ## measure Label Studio, doccano and graphile-worker beside us; ARGS="--items 10000,100000"
	@bench/peers $(ARGS)

bench-load: up ## load 5,000,000 rows (ROWS=...) beside psql \copy; print rates, ratio and peak memory
	@bench/load

check: ## check formatting, lints, charts and generated files
	@dev/test/run check lint

fmt: ## format the sources
	cargo fmt --all

web: ## build the console from its lock file, within its budget: web/dist
	@dev/web

web-dev: ## run the console with hot reload in front of the running platform
	@. .dev/env && dev/web npm run dev

web-check: ## check the console: types, lints, format, generated files, unit tests
	@dev/test/run web

web-browser: ## test the console in a browser, in front of a fake API
	@dev/test/run browser

screenshots: web ## take the screenshots of the README and docs/console.md anew: docs/images
	@dev/web npm run --silent screenshots

bench-console: web ## let the robot label 300 items in a browser, and measure from key to paint
	@dev/web npm run --silent bench

generate: ## write the files that are generated from the sources
	@dev/docs/generate
