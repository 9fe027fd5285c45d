/**
 * What words mean. A lexicon is one language's; terms are separated by commas, a phrase has blanks, and everything is folded when it is
 * loaded. The reader (reader.ts) does the rest: phrases before words, heads that turn a term away, subjects.
 */
import type { SensitivityClass } from '../../../crds/meta.ts';

export type Terms = Partial<Readonly<Record<SensitivityClass, string>>>;

export interface Lexicon {
  /** ISO 639-1; part of the rule's id. */
  readonly language: string;
  /** The noun that is qualified comes first (`telefono_cliente`), not last (`customer_phone`). */
  readonly headFirst?: boolean;
  /** Sensitive wherever it stands. */
  readonly says?: Terms;
  /** Sensitive unless the table, or a word beside it, is about things. */
  readonly mostly?: Terms;
  /** Sensitive where the table, or a word beside it, is about people. */
  readonly among?: Terms;
  /** Worth little without values that agree. */
  readonly hints?: Terms;
  /** People: `customer`, and the parts of names that make `name` a person's (`first`). */
  readonly person?: string;
  /** What has names, addresses and descriptions that are nobody's. */
  readonly thing?: string;
  /** Firms and partners: they have names that are nobody's, but addresses and telephones at which people are reached. */
  readonly organisation?: string;
  /** Public places and the organisation's own: neither their names nor their addresses are anybody's. */
  readonly premises?: string;
  /** Servers and networks: things with addresses of the network that are nobody's. */
  readonly machines?: string;
  /** What people do: orders, bookings, payments. They carry addresses and remarks of people. */
  readonly deal?: string;
  /** What people write: tickets, messages, reviews. */
  readonly writing?: string;
  /** Where secrets are kept: tokens, credentials. */
  readonly vault?: string;
  /** Heads: what is counted, typed, dated or numbered is not the thing itself (`email_count`, `phone_type`). */
  readonly turns?: string;
  /** As `turns`, but in front of the term (`is_email_public`, `tipo_telefono`). */
  readonly turnsAhead?: string;
  /** Harmless by itself: codes, states, enumerations. A text column with such a name need not be sampled to be shown. */
  readonly harmless?: string;
  /** Known, says nothing. */
  readonly filler?: string;
}

export type Tier = 'says' | 'mostly' | 'among' | 'hints';
export const TIERS: readonly Tier[] = ['says', 'mostly', 'among', 'hints'];

export type Role =
  | 'person'
  | 'thing'
  | 'organisation'
  | 'premises'
  | 'machines'
  | 'deal'
  | 'writing'
  | 'vault'
  | 'turns'
  | 'turnsAhead'
  | 'harmless'
  | 'filler';
export const ROLES: readonly Role[] = [
  'person',
  'thing',
  'organisation',
  'premises',
  'machines',
  'deal',
  'writing',
  'vault',
  'turns',
  'turnsAhead',
  'harmless',
  'filler',
];
