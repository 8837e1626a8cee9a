{{/*
Each task that runs on a schedule by its name in the API server's command, with the name of its values and what it
needs: databases; the object store; the key of second steps; Stripe; Kubernetes. It gets that and nothing else.
*/}}
{{- define "datacrowd.scheduledTasks" -}}
forgotten-uploads: {values: forgottenUploads, databases: [CORE], objectStore: true}
retention: {values: retention, databases: [CORE, AUTH, NOTIFICATIONS]}
account-upkeep: {values: accountUpkeep, databases: [CORE, AUTH], sealing: true}
ledger-drift: {values: ledgerDrift, databases: [CORE, PAYMENTS]}
lost-resources: {values: lostResources, databases: [CORE], kubernetes: true}
consensus: {values: consensus, databases: [CORE]}
{{- if eq .Values.billing.mode "Stripe" }}
reconcile-payments: {values: reconcilePayments, databases: [CORE, PAYMENTS], stripe: true}
{{- end }}
{{- end -}}

{{/* What the API server is told of them: those that run, and after how many seconds without a success each is late. */}}
{{- define "datacrowd.lateTasks" -}}
{{- $late := list -}}
{{- range $task, $needs := include "datacrowd.scheduledTasks" . | fromYaml -}}
{{- with index $.Values.scheduledTasks $needs.values -}}
{{- if not .suspend -}}
{{- $late = append $late (printf "%s=%d" $task (int64 .lateAfterSeconds)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ join "," $late }}
{{- end -}}

{{/* The account of a task's pods: (list root task needs). */}}
{{- define "datacrowd.taskAccount" -}}
{{- $needs := index . 2 -}}
{{- if $needs.kubernetes -}}
{{ include "datacrowd.name" (list (index . 0) (index . 1)) }}
{{- else if $needs.objectStore -}}
{{ include "datacrowd.name" (list (index . 0) "api-server") }}
{{- end -}}
{{- end -}}

{{/* The variables of a task: (list root needs). */}}
{{- define "datacrowd.taskVariables" -}}
{{- $root := index . 0 -}}
{{- $needs := index . 1 -}}
- {name: DATACROWD_LOG, value: {{ $root.Values.log | quote }}}
- {name: DATACROWD_BILLING_MODE, value: {{ $root.Values.billing.mode | lower }}}
{{- include "datacrowd.postgresTls" $root }}
{{- range $needs.databases }}
{{ include "datacrowd.secretVariable" (list $root.Values.apiServer.existingSecret (printf "%s_DATABASE_URL" .) false) }}
{{- end }}
{{- if $needs.objectStore }}
{{ include "datacrowd.objectStore" $root }}
{{- end }}
{{- if $needs.sealing }}
{{ include "datacrowd.sealing" $root }}
{{- end }}
{{- if $needs.stripe }}
- {name: DATACROWD_RECONCILE_DAYS, value: {{ $root.Values.billing.reconciliation.days | quote }}}
{{ include "datacrowd.stripe" $root }}
{{- end }}
{{- with $root.Values.apiServer.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
