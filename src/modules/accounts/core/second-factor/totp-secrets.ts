import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { SealedEnvelope } from '../../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import { openTotpSecret, sealTotpSecret, type TotpSecretOwner } from './sealed-totp-secret.js';
import { newTotpSecret, stepOfCode, totpEnrolment } from './totp.js';

/** A secret as its owner is shown it, once. */
export interface ShownSecret {
  readonly uri: string;
  readonly secret: string;
}

/** Makes and asks secrets of authenticator apps. In the clear they live for the length of a call; no transaction is open meanwhile. */
@Injectable()
export class TotpSecrets {
  constructor(
    private readonly kms: KeyManagementService,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** A new secret, sealed, and how to show it under a label that is known later. Raises `kms/*`. */
  async make(owner: TotpSecretOwner): Promise<{ readonly sealed: SealedEnvelope; readonly show: (label: string) => ShownSecret }> {
    const secret = newTotpSecret();
    const issuer = new URL(publicUrl(this.settings)).hostname;
    const sealed = await sealTotpSecret(this.kms, owner, secret).catch((error: unknown) => {
      secret.fill(0);
      throw error;
    });
    return {
      sealed,
      show: (label) => {
        const shown = totpEnrolment(secret, { issuer, label });
        secret.fill(0);
        return shown;
      },
    };
  }

  /** Which time step's code this is, at a moment around now; null for none. Raises `second_factors/secret_unreadable` and `kms/*`. */
  async stepOf(factor: TotpSecretOwner & SealedEnvelope, code: string): Promise<{ readonly step: number; readonly at: Date } | null> {
    const secret = await openTotpSecret(this.kms, factor);
    const at = this.clock.now();
    const step = stepOfCode(secret, code, at.getTime());
    secret.fill(0);
    return step === null ? null : { step, at };
  }
}
