/** `audit` of the operator's settings. */
export interface AuditSettings {
  readonly embedded: {
    readonly directory: string;
    /** Bytes. */
    readonly size: number;
    readonly whenFull: 'RemoveOldest' | 'Refuse';
  };
}
