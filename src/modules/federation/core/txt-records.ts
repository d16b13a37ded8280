import { Resolver } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import { errorCode } from '../../../kernel/errors.js';
import { Settings } from '../../../platform/config/settings.js';
import { federationErrors } from '../federation.errors.js';

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** An answer that there is nothing, or could not be, as opposed to none and to one that cannot be read. */
const NOTHING_THERE = new Set(['ENODATA', 'ENOTFOUND', 'EBADNAME']);

/** Reads TXT records. Also the injection token. */
export abstract class TxtRecords {
  /** The texts at a name, each in one piece; none when there are none. Raises `federation/dns_unavailable`. */
  abstract read(name: string): Promise<readonly string[]>;
}

/** Asks the resolvers of this machine, or those of LETHE_DNS_SERVERS. */
@Injectable()
export class ResolvedTxtRecords extends TxtRecords {
  constructor(private readonly settings: Settings) {
    super();
  }

  override async read(name: string): Promise<readonly string[]> {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (this.settings.dnsServers.length > 0) resolver.setServers(this.settings.dnsServers);
    try {
      const records = await resolver.resolveTxt(name);
      return records.map((pieces) => pieces.join(''));
    } catch (error) {
      const code = errorCode(error) ?? 'unknown';
      if (NOTHING_THERE.has(code)) return [];
      throw federationErrors.dns_unavailable({ cause: new Error(code) });
    }
  }
}
