/**
 * What the sidecars connected to this replica have said they judge statements by: for status (`Programmed`, counts). Every replica
 * publishes its own; the holder of the Lease adds them up.
 */

export interface PolicyAcknowledgement {
  readonly namespace: string;
  readonly name: string;
  /** metadata.generation; while a change spreads there may be an entry for the old and one for the new. */
  readonly generation: number;
  /** Connected pods that this generation binds, as far as they were told. */
  readonly bound: number;
  /** Those of them whose next statement is judged by it. */
  readonly programmed: number;
}

export interface DatabaseAcknowledgements {
  /** Connected pods whose settings list the Database, whether or not a policy binds them. */
  readonly connected: number;
  /** In order of namespace, name, generation. */
  readonly policies: readonly PolicyAcknowledgement[];
  /** Why sidecars did not take what they were told, a sentence each; a few at most. */
  readonly rejections: readonly string[];
}

export interface Acknowledgements {
  /** `key`: `namespace/name` of a Database. */
  of(key: string): DatabaseAcknowledgements;
  /** All Databases that a connected pod lists. */
  databases(): readonly string[];
  /** Versions of the connected sidecars, with how many pods run each. */
  versions(): ReadonlyMap<string, number>;
  /** Called, once an event-loop turn and Database, after any of it has changed. */
  onChange(listener: (key: string) => void): () => void;
}
