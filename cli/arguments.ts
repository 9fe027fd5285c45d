/** Option values as people type them, each with one sentence for what is wrong with it. */
import type { Identity } from '../core/identity/identity.ts';
import { CliError } from './errors.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** NAMESPACE/SERVICEACCOUNT */
export function parseIdentity(text: string): Identity {
  const [namespace = '', serviceAccount = '', ...more] = text.split('/');
  if (more.length > 0 || !DNS_LABEL.test(namespace) || !DNS_LABEL.test(serviceAccount)) {
    throw new CliError(`--as wants NAMESPACE/SERVICEACCOUNT, for example ai-agents/support-agent, not "${text}"`, 2);
  }
  return { namespace, serviceAccount };
}

export interface DatabaseName {
  readonly namespace?: string;
  readonly name: string;
}

/** [NAMESPACE/]NAME */
export function parseDatabaseName(text: string): DatabaseName {
  const parts = text.split('/');
  if (parts.length > 2 || !parts.every((part) => DNS_LABEL.test(part))) {
    throw new CliError(
      `--database wants [NAMESPACE/]NAME of a Database object, for example data-platform/orders, not "${text}"`,
      2,
    );
  }
  return parts.length === 2 ? { namespace: parts[0]!, name: parts[1]! } : { name: parts[0]! };
}

export interface ListenAddress {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** HOST:PORT, [::1]:PORT, or a port alone (loopback). */
export function parseListen(text: string, option: string): ListenAddress {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new CliError(`${option} wants HOST:PORT, for example 127.0.0.1:5432, not "${text}"`, 2);
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}
