/** What is wrong with a policy, for whoever wrote it. Compiling and loading collect these; nothing stops at the first. */
export interface Diagnostic {
  /** `error`: something written is not in force. `warning`: in force, but perhaps not as meant. */
  readonly severity: 'error' | 'warning' | 'notice';
  /** One CamelCase word, also used as a condition's reason. */
  readonly reason:
    | 'Syntax'
    | 'Invalid'
    | 'Ignored'
    | 'Conflict'
    | 'UnknownTable'
    | 'UnknownColumn'
    | 'UnknownFunction'
    | 'NotGrantable'
    | 'RowFilter'
    | 'Mask'
    | 'Protected'
    | 'InvalidRecipient'
    | 'View'
    | 'Expired'
    | 'NamespaceNotTrusted'
    | 'NotBound';
  /** One sentence. */
  readonly message: string;
  /** `Kind namespace/name`. */
  readonly object?: string;
  /** `spec.grants[0].columns[2]`. */
  readonly path?: string;
  /** Where it stands, for objects that came from a file: one-based. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** `policy.yaml:14:7 spec.grants[0].actions[1]: …`, or with the object's name when it came from elsewhere. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const place =
    diagnostic.file === undefined
      ? diagnostic.object
      : [diagnostic.file, diagnostic.line, diagnostic.column].filter((part) => part !== undefined).join(':');
  const head = [place, diagnostic.path].filter((part) => part !== undefined && part !== '').join(' ');
  const text = head === '' ? diagnostic.message : `${head}: ${diagnostic.message}`;
  // Names may hold anything; this is one line.
  return text.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}
