{{/*
Prefix of all names, `release` in the operator's settings. 40 characters leave room for suffixes in the 63 of a Service's name.
*/}}
{{- define "sluice.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sluice.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "sluice.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sluice
{{- end -}}

{{/* Of the operator's pods; a Deployment's selector is immutable, so nothing that changes with a release is here. */}}
{{- define "sluice.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "sluice.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sluice.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sluice.webhookServiceName" -}}{{ include "sluice.fullname" . }}-webhook{{- end -}}
{{- define "sluice.streamServiceName" -}}{{ include "sluice.fullname" . }}-operator{{- end -}}
{{- define "sluice.peersServiceName" -}}{{ include "sluice.fullname" . }}-peers{{- end -}}
{{- define "sluice.metricsServiceName" -}}{{ include "sluice.fullname" . }}-metrics{{- end -}}

{{/* Of the MutatingWebhookConfiguration: cluster-wide, so two releases of one name in two namespaces must not meet in it. */}}
{{- define "sluice.webhookConfigurationName" -}}
{{- printf "%s.%s.sluice.dev" (include "sluice.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/* Of ClusterRoles and ValidatingAdmissionPolicies, for the same reason. */}}
{{- define "sluice.clusterName" -}}
{{- printf "%s.%s.sluice.dev" (include "sluice.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/* Where Sluice objects are honoured, as a JSON list: `include "sluice.policyNamespaces" . | fromJsonArray`. */}}
{{- define "sluice.policyNamespaces" -}}
{{- .Values.policyNamespaces | default (list .Release.Namespace) | toJson -}}
{{- end -}}

{{/* `include "sluice.image" (dict "image" .Values.image "chart" .Chart)` */}}
{{- define "sluice.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}
