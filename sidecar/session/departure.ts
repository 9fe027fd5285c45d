/** When a session ends that is asked to: as soon as nothing is under way, or when its time is up; and one that nobody uses. */
import type { SessionEnvironment } from './environment.ts';
import { idleTooLong, withdrawn } from './admission.ts';
import type { Ending } from './core.ts';

const WITHDRAWN = 'policy withdrawn';
/** Milliseconds that a session may go on under a policy that is gone. */
const WITHDRAWN_AFTER = 10_000;

export class Departure {
  readonly #environment: Pick<SessionEnvironment, 'host' | 'timeouts'>;
  readonly #end: (ending: Ending) => void;
  /** It ends with this when nothing is under way. */
  #asked: Ending | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(environment: Pick<SessionEnvironment, 'host' | 'timeouts'>, end: (ending: Ending) => void) {
    this.#environment = environment;
    this.#end = end;
  }

  ask(ending: Ending): void {
    this.#asked = ending;
  }

  /** A transaction that is left open must not hold its locks, nor a result go on, for ever under a policy that is gone. */
  policyGone(): void {
    const { host, timeouts } = this.#environment;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#asked !== null && this.#end(this.#asked), timeouts?.withdrawn ?? WITHDRAWN_AFTER);
    this.#deadline.unref();
    this.#asked ??= { reason: WITHDRAWN, denial: withdrawn(host) };
  }

  policyBack(): void {
    if (this.#asked?.reason !== WITHDRAWN) return;
    this.#asked = null;
    clearTimeout(this.#deadline);
  }

  /** Nothing is under way: the moment to leave, or to start counting idle time. */
  idle(): void {
    if (this.#asked !== null) {
      this.#end(this.#asked);
      return;
    }
    const timeout = this.#environment.timeouts?.idle;
    if (timeout === undefined) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end({ reason: 'idle', denial: idleTooLong() }), timeout);
    this.#idle.unref();
  }

  /** The client has said something. */
  heard(): void {
    clearTimeout(this.#idle);
  }

  stop(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#deadline);
  }
}
