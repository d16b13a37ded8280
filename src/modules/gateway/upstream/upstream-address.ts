import { portOf } from '../../../kernel/endpoint.js';

/** A base URL, taken apart for every call that goes there. */
export interface UpstreamAddress {
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  /** Without a trailing slash: empty for a base URL that is only an origin. */
  readonly path: string;
}

/** Base URLs are configuration: few, and the same for call after call. */
const known = new Map<string, UpstreamAddress>();
const KEPT = 1_000;

export function upstreamAddress(baseUrl: string): UpstreamAddress {
  let address = known.get(baseUrl);
  if (address === undefined) {
    const url = new URL(baseUrl);
    const port = portOf(url);
    address = { origin: url.origin, hostname: url.hostname, port, path: url.pathname.replace(/\/+$/, '') };
    if (known.size >= KEPT) known.clear();
    known.set(baseUrl, address);
  }
  return address;
}
