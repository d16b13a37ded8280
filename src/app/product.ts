import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };

/** Lethe's own version, from package.json. */
export const PRODUCT_VERSION = version;
