{{/* Labels of everything; takes a component's name. */}}
{{- define "datacrowd.labels" -}}
app.kubernetes.io/name: datacrowd-{{ . }}
app.kubernetes.io/part-of: datacrowd
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
