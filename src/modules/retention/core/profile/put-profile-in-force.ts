import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { PolicyInForceRepository } from '../../data/policy-in-force.repository.js';
import { retentionErrors } from '../../retention.errors.js';
import { LeastWindows } from '../windows/least-windows.js';
import { compareProfiles, type ProfileChanges } from './compare-profiles.js';
import { LoadedProfile } from './loaded-profile.js';

/** A profile that would take the place of the one in force. */
export interface ProfileReplacement {
  readonly before: string;
  readonly after: string;
  readonly changes: ProfileChanges;
}

/** Where it is remembered which profile is in force. */
@Injectable()
export class PolicyBooks {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly rows: PolicyInForceRepository,
    readonly audit: AuditLog,
    readonly clock: Clock,
  ) {}
}

/** Sees to it that the profile a process was given is the one the installation has agreed to: nothing is promised, or taken back, by a typing error. */
@Injectable()
export class PutProfileInForce {
  constructor(
    private readonly profile: LoadedProfile,
    private readonly least: LeastWindows,
    private readonly books: PolicyBooks,
  ) {}

  /**
   * Puts the profile in force where none is, and else makes sure that it is the one in force. Raises `retention/unsupported_profile` and
   * `retention/profile_changed`.
   */
  async require(): Promise<void> {
    this.refuseUnsupported();
    const replacement = await this.compare();
    if (replacement === null) return;
    if (replacement === 'first') return this.begin();
    const { before, after, changes } = replacement;
    const shorter = changes.windows.filter(({ effect }) => effect === 'shorter' || effect === 'stops').length;
    throw retentionErrors.profile_changed({
      message:
        `The policy profile is ${after}, and in force is ${before === after ? 'another version of it' : before}: ${changes.windows.length} windows change, ` +
        `${shorter} of them to less. \`npx lethe profile apply\` shows what that does and puts it in force.`,
    });
  }

  /** What putting the profile in force would change; null when it is in force. */
  async compare(): Promise<ProfileReplacement | 'first' | null> {
    const inForce = await this.books.unitOfWork.asSystem((tx) => this.books.rows.find(tx));
    if (inForce === null) return 'first';
    if (inForce.digest === this.profile.digest) return null;
    return { before: inForce.name, after: this.profile.name, changes: compareProfiles(inForce.stated, this.profile.stated()) };
  }

  /** Puts the profile in the place of the one in force. What is stored already is filed anew by the worker. False when it was in force. */
  async apply(actor: AuditActor): Promise<boolean> {
    this.refuseUnsupported();
    return this.books.unitOfWork.asSystem(async (tx) => {
      const inForce = await this.books.rows.find(tx);
      const next = { name: this.profile.name, digest: this.profile.digest, stated: this.profile.stated(), since: this.books.clock.now() };
      if (inForce?.digest === next.digest) return false;
      const done = inForce === null ? await this.books.rows.begin(tx, next) : await this.books.rows.replace(tx, next, inForce.digest);
      if (!done) return false;
      await this.books.audit.record(tx, {
        actor,
        action: 'policy_profile.put_in_force',
        organisationId: null,
        target: { type: 'policy_profile', id: next.name },
        detail: { digest: next.digest, replaced: inForce?.digest ?? null },
      });
      return true;
    });
  }

  private async begin(): Promise<void> {
    await this.apply({ kind: 'system', id: 'start' });
    // Another replica may have begun with another profile a moment before.
    if ((await this.compare()) !== null) await this.require();
  }

  private refuseUnsupported(): void {
    const problems = this.least.problemsOf(this.profile);
    if (problems.length === 0) return;
    const message = `The policy profile ${this.profile.name} asks for what cannot be kept: ${problems.map((each) => `${each.field} ${each.message}`).join('; ')}`;
    throw retentionErrors.unsupported_profile({ message, details: { errors: problems } });
  }
}
