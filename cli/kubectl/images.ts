/** References of images, short enough for a table. */

/** `registry.example/sluice/sidecar:1.2` → `sidecar:1.2`; of a digest the beginning. */
export function imageTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf('/') + 1);
  return last.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, '@$1');
}
