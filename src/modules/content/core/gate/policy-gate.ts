import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { ContentGate, type GatedCall, KEEP_NOTHING, type KeepDecision, type KeepRule } from '../../content.contract.js';
import { ContentAllowance } from './content-allowance.js';
import { ContentPolicies } from './content-policies.js';

/**
 * The content gate. A payload is kept when the profile has a window for it under the organisation's plan, the organisation has not switched it off, and
 * its sample takes this call; or while a troubleshooting grant covers the call. The input of a call that fails likewise, by its own window. The
 * client's wish that nothing be kept goes before all of it (C6). Costs two look-ups in memory where nothing is kept.
 */
@Injectable()
export class PolicyGate extends ContentGate {
  constructor(
    private readonly policies: ContentPolicies,
    private readonly allowance: ContentAllowance,
    private readonly clock: Clock,
  ) {
    super();
  }

  override decide(call: GatedCall): KeepDecision {
    if (call.optedOut || !this.policies.isRead) return KEEP_NOTHING;
    const { organisationId } = call;
    const payloadDays = this.allowance.payloadDays(organisationId);
    const failedDays = this.allowance.failedInputDays(organisationId);
    const grantId = this.grantFor(call);
    if (payloadDays === 0 && failedDays === 0 && grantId === null) return KEEP_NOTHING;
    const setting = this.policies.settingOf(organisationId);
    const redact = this.allowance.policy.failedInputs === 'redacted';
    const success: KeepRule | null =
      payloadDays > 0 && setting.payloads && isSampled(call, setting.samplePerMille)
        ? { store: 'payload', days: payloadDays, redact: false, grantId: null }
        : this.granted(grantId, false);
    const failure: KeepRule | null =
      failedDays > 0 && setting.failedInputs
        ? { store: 'failed_input', days: failedDays, redact, grantId: null }
        : this.granted(grantId, redact);
    return { success, failure };
  }

  private granted(grantId: string | null, redact: boolean): KeepRule | null {
    return grantId === null ? null : { store: 'granted', days: this.allowance.policy.grantDays, redact, grantId };
  }

  private grantFor({ organisationId, projectId, keyId }: GatedCall): string | null {
    const grants = this.policies.grantsOf(organisationId);
    if (grants.length === 0 || this.allowance.policy.grantDays === 0) return null;
    const nowMs = this.clock.nowMs();
    const covers = (scopeId: string) => scopeId === organisationId || scopeId === projectId || scopeId === keyId;
    return grants.find(({ scopeId, endsAtMs }) => endsAtMs > nowMs && covers(scopeId))?.id ?? null;
  }
}

/** By the random end of the call's id, so that every replica would take the same calls. */
function isSampled({ id }: GatedCall, perMille: number): boolean {
  return perMille >= 1000 || Number.parseInt(id.slice(-6), 16) % 1000 < perMille;
}
