import { randomInt } from 'node:crypto';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DAY_MS, utcDay } from '../../../../kernel/clock.js';
import { Settings } from '../../../../platform/config/settings.js';
import { CoarsePlaces } from '../../../../platform/http/coarse-place.js';
import type { ServiceKeyPrincipal } from '../../../../platform/http/principal.js';
import { Log } from '../../../../platform/telemetry/logger.js';
import type { KeySighting } from '../../data/key-countries.repository.js';
import { NoteCountries } from './note-countries.js';

const FLUSH_MS = 2_000;
const BATCH = 1_000;
const COUNTRY = /^[A-Z]{2}$/;

/** Where a key last came from. */
interface Origin {
  /** Of the address; the address itself is not kept. */
  readonly tag: number;
  /** What has been noted on this day need not be noted again. */
  readonly untilMs: number;
}

/**
 * Learns which countries keys are used from (A7). A call from the address before costs a hash of a dozen letters and one comparison; only another
 * address is looked up, on this machine, and only a country that is new today is written, every two seconds for all keys at once. Without a GeoIP
 * database, or with `LETHE_ABUSE_ACTION=off`, it does nothing.
 */
@Injectable()
export class KeyOrigins implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly isOn: boolean;
  /** Goes with the principal: a key that leaves memory, or changes, is looked up once more. */
  private readonly origins = new WeakMap<ServiceKeyPrincipal, Origin>();
  private readonly noted = new WeakMap<ServiceKeyPrincipal, Map<string, number>>();
  private pending = new Map<string, KeySighting>();
  private timer: NodeJS.Timeout | undefined;
  /** So that a tag tells nothing outside this process. */
  private readonly seed = randomInt(0x1_0000_0000);

  constructor(
    settings: Settings,
    private readonly places: CoarsePlaces,
    private readonly notes: NoteCountries,
    private readonly log: Log,
  ) {
    this.isOn = settings.abuseAction !== 'off' && settings.geoipDatabase !== undefined;
  }

  onApplicationBootstrap(): void {
    if (this.isOn) this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  note(principal: ServiceKeyPrincipal, address: string, atMs: number): void {
    if (!this.isOn) return;
    const tag = tagOf(address, this.seed);
    const last = this.origins.get(principal);
    if (last?.tag === tag && atMs < last.untilMs) return;
    const untilMs = atMs - (atMs % DAY_MS) + DAY_MS;
    this.origins.set(principal, { tag, untilMs });
    const country = this.places.find(address)?.country;
    if (country == null || !COUNTRY.test(country)) return;
    const noted = this.noted.get(principal) ?? new Map<string, number>();
    if (atMs < (noted.get(country) ?? 0)) return;
    this.noted.set(principal, noted.set(country, untilMs));
    this.pending.set(`${principal.id} ${country}`, { keyId: principal.id, country, day: utcDay(atMs) });
  }

  /** Never rejects: what could not be written is written next time. */
  async flush(): Promise<void> {
    if (this.pending.size === 0) return;
    const sightings = this.pending;
    this.pending = new Map();
    try {
      const all = [...sightings.values()];
      for (let at = 0; at < all.length; at += BATCH) await this.notes.run(all.slice(at, at + BATCH));
    } catch (error) {
      this.log.warn('could not write where keys were used; trying again later', { component: 'auth', err: error });
      this.pending = new Map([...sightings, ...this.pending]);
    }
  }
}

/** FNV-1a, 32 bits: to see that an address is another one, not to hide it from whoever reads this process's memory. */
function tagOf(address: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < address.length; at += 1) hash = Math.imul(hash ^ address.charCodeAt(at), 0x0100_0193);
  return hash >>> 0;
}
