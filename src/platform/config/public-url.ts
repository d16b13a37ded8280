import type { Settings } from './settings.js';

/** What absolute links begin with, without a trailing slash: LETHE_PUBLIC_URL, or this machine in development. */
export function publicUrl(settings: Pick<Settings, 'publicUrl' | 'port'>): string {
  return (settings.publicUrl ?? `http://127.0.0.1:${settings.port}`).replace(/\/+$/, '');
}
