{{/*
What the release's objects are called after: the release, as "datacrowd" and "eu-datacrowd" are.
33 characters, because the longest name that follows is 19 long and a CronJob's is 52 at most.
*/}}
{{- define "datacrowd.fullname" -}}
{{- $release := ternary .Release.Name (printf "%s-datacrowd" .Release.Name) (contains "datacrowd" .Release.Name) -}}
{{- .Values.fullnameOverride | default $release | trunc 33 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of an object in a namespace: (list root part). */}}
{{- define "datacrowd.name" -}}
{{- printf "%s-%s" (include "datacrowd.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* Name of an object of the whole cluster, where another namespace may have a release of the same name: (list root part). */}}
{{- define "datacrowd.clusterName" -}}
{{- printf "%s.%s" (include "datacrowd.name" .) (index . 0).Release.Namespace -}}
{{- end -}}

{{/* The pods of a release; what this renders can never change, since Deployments keep their selectors. */}}
{{- define "datacrowd.instance" -}}
app.kubernetes.io/name: datacrowd
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The pods of one of its components: (list root component). */}}
{{- define "datacrowd.selector" -}}
{{ include "datacrowd.instance" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Labels of everything: (list root component). */}}
{{- define "datacrowd.labels" -}}
{{- $root := index . 0 -}}
{{ include "datacrowd.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/part-of: datacrowd
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Name of the operator's lease, as the operator makes it from DATACROWD_INSTALLATION. */}}
{{- define "datacrowd.lease" -}}
{{ .Release.Name }}-operator
{{- end -}}

{{- define "datacrowd.internalUrl" -}}
http://{{ include "datacrowd.name" (list . "internal") }}.{{ .Release.Namespace }}.svc:8081
{{- end -}}

{{/* The namespaces whose resources and Jobs are this release's. */}}
{{- define "datacrowd.watchedNamespaces" -}}
{{- with .Values.operator.watchNamespaces -}}
namespaceSelector:
  matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
{{- else -}}
namespaceSelector: {}
{{- end -}}
{{- end -}}

{{/* Alerts or a dashboard, about this release's jobs in Prometheus instead of those of one named datacrowd: (list root text). */}}
{{- define "datacrowd.ownJobs" -}}
{{ index . 1 | replace "\"datacrowd-" (printf "\"%s-" (include "datacrowd.fullname" (index . 0))) }}
{{- end -}}

{{/* Pod Security "restricted", and nothing writable. */}}
{{- define "datacrowd.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "datacrowd.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* One variable from a Secret's key of the same name: (list secret key optional). */}}
{{- define "datacrowd.secretVariable" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef: {name: {{ index . 0 }}, key: {{ index . 1 }}{{ if index . 2 }}, optional: true{{ end }}}
{{- end -}}

{{/* Where pods of a component run: (list root name values). Replicas keep apart where they can. */}}
{{- define "datacrowd.placement" -}}
{{- $values := index . 2 -}}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "datacrowd.selector" . | nindent 6 }}
{{- with (index . 0).Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 0 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 0 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* How the databases are reached, for every URL that does not say it itself. */}}
{{- define "datacrowd.postgresTls" -}}
{{- with .Values.postgres.tls.mode }}
- {name: PGSSLMODE, value: {{ . }}}
{{- end }}
{{- if .Values.postgres.tls.caSecret }}
- {name: PGSSLROOTCERT, value: /etc/datacrowd/postgres/ca.crt}
{{- end }}
{{- end -}}

{{- define "datacrowd.postgresCaMount" -}}
{{- if .Values.postgres.tls.caSecret }}
volumeMounts:
- {name: postgres-ca, mountPath: /etc/datacrowd/postgres, readOnly: true}
{{- end }}
{{- end -}}

{{/* The container that brings the databases to this release's schema: (list root resources). Before whatever serves or delivers from them. */}}
{{- define "datacrowd.migrate" -}}
{{- $root := index . 0 -}}
- name: migrate
  image: {{ $root.Values.apiServer.image }}
  imagePullPolicy: {{ $root.Values.apiServer.imagePullPolicy }}
  args: [migrate]
  env:
  - {name: DATACROWD_LOG, value: {{ $root.Values.log | quote }}}
  {{- include "datacrowd.postgresTls" $root | nindent 2 }}
  {{- range tuple "AUTH" "CORE" "PAYMENTS" "NOTIFICATIONS" }}
  {{- include "datacrowd.secretVariable" (list $root.Values.migrations.existingSecret (printf "%s_OWNER_DATABASE_URL" .) false) | nindent 2 }}
  {{- end }}
  {{- include "datacrowd.postgresCaMount" $root | nindent 2 }}
  securityContext: {{- include "datacrowd.containerSecurityContext" $root | nindent 4 }}
  resources: {{- toYaml (index . 1) | nindent 4 }}
{{- end -}}

{{/* What payments cost and where Stripe is, with the key: for all that asks Stripe. */}}
{{- define "datacrowd.stripe" -}}
- {name: DATACROWD_PRICE_CENTS, value: {{ .Values.billing.priceCents | int64 | quote }}}
- {name: DATACROWD_CURRENCY, value: {{ .Values.billing.currency }}}
- {name: DATACROWD_MINIMUM_PAYMENT_CENTS, value: {{ .Values.billing.minimumPaymentCents | int64 | quote }}}
- {name: DATACROWD_STRIPE_LIVEMODE, value: {{ .Values.billing.stripe.livemode | quote }}}
{{- with .Values.billing.stripe.apiUrl }}
- {name: DATACROWD_STRIPE_API_URL, value: {{ . | quote }}}
{{- end }}
{{ include "datacrowd.secretVariable" (list (include "datacrowd.stripeSecret" .) "DATACROWD_STRIPE_SECRET_KEY" false) }}
{{- end -}}

{{/* Where files are, with the keys to it if there are any. */}}
{{- define "datacrowd.objectStore" -}}
- {name: DATACROWD_BUCKET, value: {{ .Values.objectStore.bucket | quote }}}
- {name: AWS_REGION, value: {{ .Values.objectStore.region | quote }}}
{{- with .Values.objectStore.endpoint }}
- {name: AWS_ENDPOINT_URL, value: {{ . | quote }}}
{{- end }}
{{- with .Values.objectStore.publicEndpoint }}
- {name: DATACROWD_S3_PUBLIC_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- $objects := .Values.objectStore.existingSecret }}
{{- range tuple "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
{{ include "datacrowd.secretVariable" (list ($objects | default $.Values.apiServer.existingSecret) . (empty $objects)) }}
{{- end }}
{{- end -}}

{{/* The keys of second steps. */}}
{{- define "datacrowd.sealing" -}}
{{- $totp := .Values.apiServer.totpSecret | default .Values.apiServer.existingSecret -}}
{{ include "datacrowd.secretVariable" (list $totp "DATACROWD_TOTP_KEY" false) }}
{{ include "datacrowd.secretVariable" (list $totp "DATACROWD_TOTP_KEY_PREVIOUS" true) }}
{{- end -}}

{{/* The keys of webhooks' signing secrets. */}}
{{- define "datacrowd.webhooks" -}}
{{ include "datacrowd.secretVariable" (list .Values.apiServer.existingSecret "DATACROWD_WEBHOOK_KEY" false) }}
{{ include "datacrowd.secretVariable" (list .Values.apiServer.existingSecret "DATACROWD_WEBHOOK_KEY_PREVIOUS" true) }}
{{- end -}}

{{- define "datacrowd.stripeSecret" -}}
{{ .Values.billing.stripe.existingSecret | default .Values.apiServer.existingSecret }}
{{- end -}}

{{- /* What a process is told of the collector, if there is one. */ -}}
{{- define "datacrowd.tracesVariables" -}}
{{- if .Values.traces.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .Values.traces.endpoint | quote }}}
- {name: OTEL_TRACES_SAMPLER, value: {{ .Values.traces.sampler | quote }}}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ .Values.traces.ratio | quote }}}
{{- end }}
{{- end -}}

{{- /* The way to the collector, if there is one. */ -}}
{{- define "datacrowd.egressTraces" -}}
{{- if .Values.traces.endpoint }}
{{- $traces := .Values.networkPolicies.traces }}
{{ include "datacrowd.egressTo" (list $traces.cidrs (list $traces.port)) }}
{{- end }}
{{- end -}}
