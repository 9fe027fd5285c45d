/** A Sluice process that must go on living, a session in it that must go on working, and what it says about itself. */
import { readFile } from 'node:fs/promises';
import type { RunningSluice } from '../support/sluice.ts';
import { startSluice, type SluiceOptions } from '../support/sluice.ts';
import type { WireClient } from '../support/wire-client.ts';

export class ProxyUnderTest {
  readonly #options: SluiceOptions;
  #sluice: RunningSluice;
  #bystander: WireClient;
  /** Processes that ended. */
  deaths = 0;
  /** Milliseconds that the bystander's slowest statement took. */
  slowest = 0;
  peak = 0;

  private constructor(options: SluiceOptions, sluice: RunningSluice, bystander: WireClient) {
    this.#options = options;
    this.#sluice = sluice;
    this.#bystander = bystander;
  }

  static async start(options: Omit<SluiceOptions, 'extra'> & { readonly extra?: readonly string[] }): Promise<ProxyUnderTest> {
    const full: SluiceOptions = {
      ...options,
      extra: ['--metrics', '127.0.0.1:0', '--log-level', 'warn', ...(options.extra ?? [])],
    };
    const sluice = await startSluice(full);
    return new ProxyUnderTest(full, sluice, await sluice.connect('shop'));
  }

  get port(): number {
    return this.#sluice.port;
  }

  output(): string {
    return this.#sluice.output();
  }

  /** Undefined when the process lives and its open session is answered; a dead process is replaced. */
  async trouble(): Promise<string | undefined> {
    const began = performance.now();
    try {
      const { error, results } = await this.#bystander.query('SELECT 4711');
      this.slowest = Math.max(this.slowest, performance.now() - began);
      if (error === null && results[0]?.rows[0]?.[0]?.toString() === '4711') {
        this.peak = Math.max(this.peak, await this.memory());
        return undefined;
      }
    } catch {
      // Told below.
    }
    const alive = await this.#lives();
    if (!alive) {
      this.deaths++;
      const last = this.output().slice(-2_000);
      await this.#restart();
      return `the process ended: ${last}`;
    }
    this.#bystander = await this.#sluice.connect('shop').catch(async () => {
      await this.#restart();
      return this.#bystander;
    });
    return 'another open session was not answered';
  }

  /** Resident, in MiB. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#sluice.pid}/status`, 'utf8').catch(() => '');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }

  /** Sum of a counter over all its labels. */
  async counter(name: string): Promise<number> {
    const address = /"metrics":"([^"]+)"/.exec(this.output())?.[1];
    if (address === undefined) throw new Error('no address of metrics');
    const text = await (await fetch(`http://${address}/metrics`)).text();
    return [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
  }

  /** Mistakes of its own that it logged. */
  internalErrors(): readonly string[] {
    return this.output()
      .split('\n')
      .filter((line) => line.includes('internal-error'));
  }

  async stop(): Promise<void> {
    await this.#bystander.close().catch(() => undefined);
    await this.#sluice.stop();
  }

  async #lives(): Promise<boolean> {
    try {
      process.kill(this.#sluice.pid, 0);
      const client = await this.#sluice.connect('shop');
      await client.close();
      return true;
    } catch {
      return false;
    }
  }

  async #restart(): Promise<void> {
    await this.#sluice.stop().catch(() => undefined);
    this.#sluice = await startSluice(this.#options);
    this.#bystander = await this.#sluice.connect('shop');
  }
}
