/** Failures that are told in one sentence, without a stack. */
export class CliError extends Error {
  /** 1 failure, 2 usage, 3 a negative answer. */
  readonly exitCode: 1 | 2 | 3;
  constructor(message: string, exitCode: 1 | 2 | 3 = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}
