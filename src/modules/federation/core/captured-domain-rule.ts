import { Injectable } from '@nestjs/common';
import { type ProvenPerson, SignInRule } from '../../../contracts/sign-in-rule.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { SingleSignOnDemand } from './single-sign-on-demand.js';

/** Ways that come through a provider: which one, and whether it is the right one, was decided when the person was admitted. */
const THROUGH_PROVIDERS = new Set(['oidc', 'saml']);

/** Keeps people of a domain whose organisation demands single sign-on from any other way in (`federation/sso_required`). */
@Injectable()
export class CapturedDomainRule extends SignInRule {
  constructor(private readonly demand: SingleSignOnDemand) {
    super();
  }

  override async check(tx: Tx, { accountId, verifiedEmail, method }: ProvenPerson): Promise<void> {
    if (THROUGH_PROVIDERS.has(method)) return;
    await this.demand.requireMet(tx, { accountId, verifiedEmail }, undefined);
  }
}
