/** Who reconciles: the holder of a Lease. https://kubernetes.io/docs/concepts/architecture/leases/ */

export interface Leadership {
  readonly isLeader: boolean;
  /** Called with each change. After `false` nothing may be written any more. */
  onChange(listener: (isLeader: boolean) => void): () => void;
  start(): void;
  /** Gives the Lease back. Stop those who write before. */
  stop(): Promise<void>;
}
