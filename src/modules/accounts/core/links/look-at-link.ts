import { Injectable } from '@nestjs/common';
import { isSecretShaped } from '../../../../kernel/secrets.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { accountsErrors } from '../../accounts.errors.js';
import { networkPressed, SignInBrake } from '../throttle/sign-in-brake.js';
import { type LinkFacts, MailedLinks } from './mailed-links.js';

/** Tells whoever opens a mailed link what it is for, and uses nothing up: programs that scan mail open links before people do. */
@Injectable()
export class LookAtLink {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly links: MailedLinks,
    private readonly brake: SignInBrake,
  ) {}

  /** Raises `accounts/link_not_valid` and `http/too_many_requests`. */
  async run(token: string, browserNonce: string | null, remoteAddress: string): Promise<LinkFacts> {
    if (!isSecretShaped(token)) throw accountsErrors.link_not_valid();
    await this.brake.admit(networkPressed('network_link', remoteAddress));
    return this.unitOfWork.asSystem((tx) => this.links.look(tx, token, browserNonce));
  }
}
