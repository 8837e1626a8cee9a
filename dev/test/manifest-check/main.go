// Command manifest-check reads manifests from its standard input and decodes those whose
// definitions this repository does not have into the types of their own projects,
// refusing every field that these do not know. It prints the kinds it has seen.
//
// It stands in for the clusters that have these definitions installed; what only
// their controllers or CEL rules would refuse, it does not see.
//
// With the argument "status" it prints instead what kstatus, by which Flux and
// Helm wait, makes of each manifest.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	helmrelease "github.com/fluxcd/helm-controller/api/v2"
	kustomization "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	kstatus "sigs.k8s.io/cli-utils/pkg/kstatus/status"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	strict "sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"gateway.networking.k8s.io/v1/HTTPRoute":       func() any { return new(gateway.HTTPRoute) },
	"helm.toolkit.fluxcd.io/v2/HelmRelease":        func() any { return new(helmrelease.HelmRelease) },
	"kustomize.toolkit.fluxcd.io/v1/Kustomization": func() any { return new(kustomization.Kustomization) },
	"monitoring.coreos.com/v1/PodMonitor":          func() any { return new(monitoring.PodMonitor) },
	"monitoring.coreos.com/v1/PrometheusRule":      func() any { return new(monitoring.PrometheusRule) },
	"monitoring.coreos.com/v1/ServiceMonitor":      func() any { return new(monitoring.ServiceMonitor) },
	"source.toolkit.fluxcd.io/v1/GitRepository":    func() any { return new(source.GitRepository) },
	"source.toolkit.fluxcd.io/v1/OCIRepository":    func() any { return new(source.OCIRepository) },
}

func main() {
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && len(os.Args) > 1 && os.Args[1] == "status" {
			err = status(document)
		} else if err == nil {
			err = check(document)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func check(document []byte) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := strict.Unmarshal(document, &head); err != nil {
		return err
	}
	make, known := kinds[head.APIVersion+"/"+head.Kind]
	if !known {
		return nil
	}
	if err := strict.UnmarshalStrict(document, make()); err != nil {
		return fmt.Errorf("%s %s: %w", head.Kind, head.Metadata.Name, err)
	}
	fmt.Println(head.Kind, head.Metadata.Name)
	return nil
}

func status(document []byte) error {
	json, err := strict.YAMLToJSON(document)
	if err != nil {
		return err
	}
	var object unstructured.Unstructured // which tells whole numbers from others
	if err := object.UnmarshalJSON(json); err != nil {
		return err
	}
	result, err := kstatus.Compute(&object)
	if err != nil {
		return err
	}
	fmt.Println(object.GetKind(), object.GetName(), result.Status)
	return nil
}
