/** What a Database needs beside its policies: login, CA, addresses, findings. Every replica has them; they follow the cluster. */

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface DatabaseMaterials {
  /** Of `credentialsSecretRef`, of the Database or of a policy (`login(secretName)`); undefined with `problem`. */
  login(secretName?: string): Login | undefined;
  /** PEM of tls.caSecretRef; undefined where none is named, or it is missing (`problem`). */
  readonly ca: string | undefined;
  /** IP addresses of the endpoint, sorted; empty while it cannot be resolved (`problem`). */
  readonly addresses: readonly string[];
  /** printFindings text; undefined where nothing has been looked at yet. */
  readonly findings: string | undefined;
  /** What is missing, one sentence each, with the reason a condition would carry. */
  readonly problems: readonly {
    readonly reason: 'SecretMissing' | 'SecretIncomplete' | 'CaMissing' | 'HostUnresolved';
    readonly message: string;
  }[];
}

export interface Materials {
  /** `key`: `namespace/name` of a trusted Database. Undefined while it has not been looked at yet. */
  of(key: string): DatabaseMaterials | undefined;
  onChange(listener: (key: string) => void): () => void;
  start(): void;
  stop(): Promise<void>;
}
