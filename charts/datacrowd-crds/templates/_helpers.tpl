{{- define "datacrowd-crds.labels" -}}
app.kubernetes.io/name: datacrowd-crds
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: crds
app.kubernetes.io/version: {{ .Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/part-of: datacrowd
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
