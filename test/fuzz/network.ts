/** What a target that talks to a process is given. */
import type { Shop } from '../support/shop.ts';

export interface NetworkSetup {
  readonly shop: Shop;
  readonly seed: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}
