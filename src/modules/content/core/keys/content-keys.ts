import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../../platform/database/change-feed.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { OpenContentKey, type OpenKey } from './open-content-key.js';

interface Kept extends OpenKey {
  readonly untilMs: number;
}

/** Opened keys kept at a time; past it the one opened longest ago goes. */
const MAX_OPENED = 4_096;

/**
 * The keys that content is sealed under, open. Those in use are kept for `LETHE_CONTENT_KEY_CACHE_SECONDS` from the moment they were opened, never
 * longer, and let go of on every replica when they are rotated or destroyed. Keys for reading are opened for that one reading.
 */
@Injectable()
export class ContentKeys implements ChangeSubscriber {
  readonly tables = ['content_key'];
  private readonly opened = new Map<OrganisationId, Kept>();
  private readonly flights = new Map<OrganisationId, Promise<OpenKey>>();
  private readonly keepMs: number;
  /** Counts what was let go of: a key that was on its way meanwhile is not kept. */
  private forgotten = 0;

  constructor(
    feed: ChangeFeed,
    settings: Settings,
    private readonly opening: OpenContentKey,
    private readonly clock: Clock,
  ) {
    this.keepMs = settings.contentKeyCacheSeconds * 1000;
    feed.subscribe(this);
  }

  /** The key to seal under, made when there is none. Concurrent callers share one opening. Rejects with `kms/*` and the database's errors. */
  toSeal(organisationId: OrganisationId): OpenKey | Promise<OpenKey> {
    const known = this.opened.get(organisationId);
    if (known && known.untilMs > this.clock.monotonicMs()) return known;
    const flight = this.flights.get(organisationId);
    if (flight) return flight;
    const opening = this.open(organisationId).finally(() => this.flights.delete(organisationId));
    this.flights.set(organisationId, opening);
    return opening;
  }

  /** A key to read with, as a transaction of `lethe_content` found it. Raises `content/unreadable` and `kms/*`. */
  toRead(row: ContentKeyRow): Promise<KeyObject> {
    return this.opening.of(row);
  }

  onChange({ id }: Change): Promise<void> {
    this.forgotten += 1;
    for (const [organisationId, kept] of this.opened) if (kept.id === id) this.opened.delete(organisationId);
    return Promise.resolve();
  }

  onResync(): Promise<void> {
    this.forgotten += 1;
    this.opened.clear();
    return Promise.resolve();
  }

  private async open(organisationId: OrganisationId): Promise<OpenKey> {
    const { forgotten } = this;
    const open = await this.opening.current(organisationId);
    if (forgotten === this.forgotten && this.keepMs > 0)
      this.keep(organisationId, { ...open, untilMs: this.clock.monotonicMs() + this.keepMs });
    return open;
  }

  private keep(organisationId: OrganisationId, open: Kept): void {
    this.opened.delete(organisationId);
    const [oldest] = this.opened.keys();
    if (this.opened.size >= MAX_OPENED && oldest !== undefined) this.opened.delete(oldest);
    this.opened.set(organisationId, open);
    // Lets go of it in time even when nobody asks again.
    setTimeout(() => {
      if (this.opened.get(organisationId) === open) this.opened.delete(organisationId);
    }, this.keepMs).unref();
  }
}
