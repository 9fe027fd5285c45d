import manifest from '../package.json' with { type: 'json' };

/** Of this checkout or image. */
export const VERSION: string = manifest.version;
