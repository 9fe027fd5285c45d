/** Why a pod is refused, or left alone: one word for the log line, the metric's label and the Event. docs/reference/labels-and-annotations.md explains each. */

export const REFUSAL_REASONS = [
  /** The annotations of Sluice. */
  'AnnotationInvalid',
  'ContainerUnknown',
  'ResourcesInvalid',
  'PortInvalid',
  /** What they name. */
  'DatabaseUnknown',
  'DatabaseAmbiguous',
  'NoPolicy',
  'ListenerConflict',
  'PortConflict',
  'HostAliasConflict',
  /** Ways around the sidecar that the pod itself opens. */
  'HostNamespace',
  'SharedProcesses',
  'Privileged',
  'Capability',
  'HostPath',
  'SidecarUser',
  'OwnResolution',
  'WindowsPod',
  'MirrorPod',
  'EphemeralContainer',
  /** Our names in somebody else's hands. */
  'ImpostorContainer',
  'ReservedName',
  'ReservedMount',
  'ReservedAudience',
  /** Settings of the client that would lead past the sidecar. */
  'HostAddress',
  'ServiceFile',
  /** The request itself. */
  'PodMalformed',
  'PodTooLarge',
  'ReviewMalformed',
  'NotReady',
  'InternalError',
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

const SKIP_REASONS = ['NotRequested', 'Declined'] as const;

export type SkipReason = (typeof SKIP_REASONS)[number];
