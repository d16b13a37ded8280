import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { Mailer } from '../../../notifications/notifications.contract.js';
import type { AccountEntity } from '../../data/account.entity.js';
import type { SessionEntity } from '../../data/session.entity.js';
import { SessionsRepository } from '../../data/sessions.repository.js';

/**
 * Tells the owner by mail when a session begins from a network and a device that none of their other sessions has. Where there is no other session
 * nothing is known to compare with, and a mail at every sign-in would soon be read by nobody.
 */
@Injectable()
export class TellNewSignIn {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly mailer: Mailer,
  ) {}

  /** In the transaction that opens `session`. */
  async run(tx: Tx, account: AccountEntity, session: SessionEntity): Promise<void> {
    if (account.email === null || account.emailVerifiedAt === null) return;
    const others = (await this.sessions.list(tx, account.id, session.createdAt)).filter(({ id }) => id !== session.id);
    const isKnown = others.some(({ networkTag, device }) => networkTag === session.networkTag || device === session.device);
    if (others.length === 0 || isKnown) return;
    const { device, country, region, createdAt, method } = session;
    const place = [region, country].filter((part) => part !== null).join(', ');
    await this.mailer.send(
      tx,
      'new_sign_in',
      { accountId: account.id, email: account.email, locale: account.locale },
      { device: device ?? '–', when: createdAt.toISOString(), method, ...(place === '' ? {} : { place }) },
    );
  }
}
