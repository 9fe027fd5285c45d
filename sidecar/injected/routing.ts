/** Which Database a client means: by the address it came to, and by the database that its startup packet names. */
import { type Denial, denial } from '../../core/errors/denial.ts';
import type { AcceptedClient, ListenAddress } from '../listen/listener.ts';
import type { PodDatabase } from './pod-database.ts';

export class Routing {
  /** By address, those that listen there. */
  readonly #places = new Map<string, PodDatabase[]>();
  readonly #addresses: ListenAddress[] = [];

  constructor(databases: readonly PodDatabase[]) {
    for (const database of databases) {
      for (const address of database.settings.listen) {
        const name = nameOf(address);
        const there = this.#places.get(name);
        if (there !== undefined) there.push(database);
        else {
          this.#places.set(name, [database]);
          // Where the machine has no IPv6, localhost means 127.0.0.1 to everybody.
          this.#addresses.push(address.host === '::1' ? { ...address, optional: true } : address);
        }
      }
    }
  }

  get addresses(): readonly ListenAddress[] {
    return this.#addresses;
  }

  /** The names are those of the settings: what a Database is called there does not change while the pod lives. */
  find({ address, startup }: AcceptedClient): PodDatabase | Denial {
    const there = this.#places.get(nameOf(address)) ?? [];
    const found = there.find(({ settings }) => settings.database === startup.database);
    if (found !== undefined) return found;
    return denial('SLUICE-801', `database "${startup.database}" does not exist here`, {
      hint: `Databases: ${there.map(({ settings }) => settings.database).join(', ')}.`,
    });
  }
}

function nameOf({ host, port }: ListenAddress): string {
  return JSON.stringify([host, port]);
}
