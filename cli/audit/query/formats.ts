/** How answers are printed. */
export const FORMATS = ['table', 'wide', 'json', 'csv'] as const;
export type Format = (typeof FORMATS)[number];
