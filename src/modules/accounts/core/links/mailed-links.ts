import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, utcDay } from '../../../../kernel/clock.js';
import { type AccountId, newId } from '../../../../kernel/ids.js';
import { hashSecret, isSecretShaped, newSecret } from '../../../../kernel/secrets.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import type { TicketEntity, TicketId, TicketKind, WaitingSignUp } from '../../data/ticket.entity.js';
import { TicketsRepository } from '../../data/tickets.repository.js';
import { LINK_KINDS } from './link-kinds.js';

export interface LinkRequest {
  readonly kind: TicketKind;
  /** Null for a sign-up. */
  readonly accountId: AccountId | null;
  /** The address the link is about. */
  readonly email: string;
  /** The nonce in the cookie of the browser that asked; null for a kind that works in any. */
  readonly browserNonce: string | null;
  readonly waiting?: WaitingSignUp;
}

/** What a link is for. Whose it is stays inside. */
export interface LinkFacts {
  readonly kind: TicketKind;
  readonly accountId: AccountId | null;
  readonly expiresAt: Date;
  /** Whether this browser may use it. */
  readonly isUsableHere: boolean;
}

/** Makes the links that are mailed, and takes them when they are used: once, in time, and in the right browser. */
@Injectable()
export class MailedLinks {
  constructor(
    private readonly tickets: TicketsRepository,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** A new link, as its address. Only the hash of what is secret in it is kept. */
  async make(tx: Tx, { kind, accountId, email, browserNonce, waiting }: LinkRequest): Promise<string> {
    const token = newSecret();
    const nowMs = this.clock.nowMs();
    const expiresAtMs = nowMs + LINK_KINDS[kind].lifetimeMs;
    await this.tickets.insert(tx, {
      id: newId<TicketId>(),
      expiresOn: utcDay(expiresAtMs),
      kind,
      tokenHash: hashSecret(token),
      browserHash: browserNonce === null ? null : hashSecret(browserNonce),
      accountId,
      email,
      waiting: waiting ?? null,
      createdAt: new Date(nowMs),
      expiresAt: new Date(expiresAtMs),
      usedAt: null,
    });
    return `${publicUrl(this.settings)}/api/v1/links/${token}`;
  }

  /** What a link is for, without using it: mail scanners open links too. Raises `accounts/link_not_valid`. */
  async look(tx: Tx, token: string, browserNonce: string | null): Promise<LinkFacts> {
    const ticket = isSecretShaped(token) ? await this.tickets.findByToken(tx, hashSecret(token)) : null;
    if (ticket === null || !this.isOpen(ticket)) throw accountsErrors.link_not_valid();
    return { kind: ticket.kind, accountId: ticket.accountId, expiresAt: ticket.expiresAt, isUsableHere: isOfBrowser(ticket, browserNonce) };
  }

  /**
   * Uses a link up and answers what it held. Raises `accounts/link_not_valid`, and `accounts/link_of_another_browser`, which leaves it as it is for
   * its rightful one.
   */
  async use(tx: Tx, kind: TicketKind, token: string, browserNonce: string | null): Promise<TicketEntity> {
    const ticket = isSecretShaped(token) ? await this.tickets.lockByToken(tx, hashSecret(token)) : null;
    if (ticket?.kind !== kind || !this.isOpen(ticket)) throw accountsErrors.link_not_valid();
    if (!isOfBrowser(ticket, browserNonce)) throw accountsErrors.link_of_another_browser();
    await this.tickets.use(tx, ticket, this.clock.now());
    return ticket;
  }

  /** Makes an account's open links worthless. */
  async cancel(tx: Tx, accountId: AccountId, kinds: readonly TicketKind[]): Promise<void> {
    await this.tickets.useAll(tx, accountId, kinds, this.clock.now());
  }

  /** Makes the account's open links of the same kind worthless that were made after one that is used by now. */
  async cancelLater(tx: Tx, used: TicketEntity): Promise<void> {
    await this.tickets.useLater(tx, used, this.clock.now());
  }

  /** A link made by a clock that ran ahead of this one is good from the start; one past its end is not, by whichever clock. */
  private isOpen({ usedAt, expiresAt }: TicketEntity): boolean {
    return usedAt === null && expiresAt.getTime() > this.clock.nowMs();
  }
}

function isOfBrowser({ browserHash }: TicketEntity, nonce: string | null): boolean {
  if (browserHash === null) return true;
  return nonce !== null && timingSafeEqual(hashSecret(nonce), browserHash);
}
