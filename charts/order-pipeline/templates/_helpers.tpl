{{- define "order-pipeline.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "order-pipeline.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Cluster-scoped objects carry the namespace, so that two releases can live side by side. */}}
{{- define "order-pipeline.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "order-pipeline.fullname" .) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* They never change: Deployment selectors are immutable. */}}
{{- define "order-pipeline.selectorLabels" -}}
app.kubernetes.io/name: {{ include "order-pipeline.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "order-pipeline.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "order-pipeline.selectorLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "order-pipeline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "order-pipeline.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "order-pipeline.image" -}}
{{- if .Values.image.overrides.operator }}
{{- .Values.image.overrides.operator }}
{{- else }}
{{- printf "%s/operator:%s" (trimSuffix "/" .Values.image.prefix) (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "order-pipeline.podSecurityContext" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "order-pipeline.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The watched namespaces, comma separated; empty: all. */}}
{{- define "order-pipeline.watchNamespaces" -}}
{{- if .Values.watchAllNamespaces }}
{{- if .Values.watchNamespaces }}
{{- fail "watchNamespaces has no use with watchAllNamespaces" }}
{{- end }}
{{- else }}
{{- join "," (default (list .Release.Namespace) .Values.watchNamespaces) }}
{{- end }}
{{- end }}

{{/* What the operator does in a namespace whose OrderPipelines it reconciles. */}}
{{- define "order-pipeline.namespaceRules" -}}
{{- /* Objects are written by server-side apply, which asks for create and patch. */}}
- apiGroups: [""]
  resources: [serviceaccounts, services]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
