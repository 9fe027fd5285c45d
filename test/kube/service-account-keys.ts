import { generateKeyPairSync } from 'node:crypto';

/** Tokens are signed by the newest, verified by all. */
export class ServiceAccountKeys {
  readonly #file: (name: string, content?: string) => string;
  #names: readonly string[] = [];

  constructor(file: (name: string, content?: string) => string) {
    this.#file = file;
    this.rotate();
  }

  get current(): string {
    return this.#names.at(-1)!;
  }

  rotate(): void {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    this.#names = [...this.#names, this.#file(`service-account-${this.#names.length}.key`, privateKey)];
  }

  flags(): readonly string[] {
    return [
      `--service-account-signing-key-file=${this.current}`,
      ...this.#names.map((name) => `--service-account-key-file=${name}`),
    ];
  }
}
