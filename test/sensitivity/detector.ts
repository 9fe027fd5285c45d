/** The detection of Sluice, as the measurement calls it. */
import { Catalog } from '../../core/catalog/catalog.ts';
import { readCatalog } from '../../sidecar/catalog/reader.ts';
import { scanDatabase } from '../../sidecar/sensitivity/scan.ts';
import type { Detector } from './measure.ts';

export const detector: Detector = async (connection) =>
  scanDatabase(connection, { catalog: new Catalog(await readCatalog(connection)), now: () => performance.now() });
