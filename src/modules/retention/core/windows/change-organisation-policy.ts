import { Injectable } from '@nestjs/common';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../../contracts/data-classes.js';
import { PolicyProfile } from '../../../../contracts/policy-profile.js';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest, kernelErrors } from '../../../../kernel/errors.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { FiledWindowsRepository } from '../../data/filed-windows.repository.js';
import { type AskedDays, OrganisationPoliciesRepository, type OrganisationPolicy } from '../../data/organisation-policies.repository.js';
import { effectiveDays } from './effective-days.js';
import { LeastWindows } from './least-windows.js';

/** Days by class; null: what the plan gives. */
export type WantedDays = Readonly<Partial<Record<WindowedClass, number | null>>>;

/** Where the policies of organisations are kept. */
@Injectable()
export class PolicyDesk {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly policies: OrganisationPoliciesRepository,
    readonly audit: AuditLog,
    readonly clock: Clock,
  ) {}
}

/**
 * Changes what an organisation is on or asked for. What is stored already is filed anew by the worker: earlier when a window became shorter, never
 * later.
 */
@Injectable()
export class ChangeOrganisationPolicy {
  constructor(
    private readonly desk: PolicyDesk,
    private readonly profile: PolicyProfile,
    private readonly leastWindows: LeastWindows,
    private readonly filed: FiledWindowsRepository,
  ) {}

  /** Asks for windows of the organisation's own. Raises `lethe/invalid_request` that names each class the profile does not allow it for. */
  async ask(id: OrganisationId, wanted: WantedDays, actor: AuditActor): Promise<OrganisationPolicy> {
    return this.change(id, actor, (policy) => {
      const asked = new Map(Object.entries({ ...policy.askedDays, ...wanted }).filter(([, days]) => days !== null));
      const askedDays = Object.fromEntries(asked) as AskedDays;
      this.refuseForbidden(policy.plan, wanted);
      return { ...policy, askedDays };
    });
  }

  /** Puts the organisation on another plan. What it asked for stays asked for, as far as the new plan allows. Raises `lethe/invalid_request`. */
  async putOnPlan(id: OrganisationId, plan: string, actor: AuditActor): Promise<OrganisationPolicy> {
    const { plans } = this.profile;
    if (!plans.includes(plan)) throw invalidRequest([{ field: 'plan', message: `must be one of ${plans.join(', ')}` }]);
    return this.change(id, actor, (policy) => ({ ...policy, plan }));
  }

  private change(
    id: OrganisationId,
    actor: AuditActor,
    next: (policy: OrganisationPolicy) => OrganisationPolicy,
  ): Promise<OrganisationPolicy> {
    const { unitOfWork, policies } = this.desk;
    return unitOfWork.asSystem(async (tx) => {
      const policy = await policies.lock(tx, id, this.profile.plans[0] ?? '');
      if (policy === null) throw kernelErrors.not_found();
      const changed = next(policy);
      if (isSame(policy, changed)) return policy;
      // A round of retention that comes only after the next change would not know of what was filed by these.
      await this.filed.addDays(tx, id, effectiveDays(this.profile, policy.plan, policy.askedDays));
      await this.write(tx, changed, actor);
      return { ...changed, version: changed.version + 1 };
    });
  }

  private async write(tx: Tx, policy: OrganisationPolicy, actor: AuditActor): Promise<void> {
    const { policies, audit, clock } = this.desk;
    await policies.put(tx, policy, clock.now());
    await audit.record(tx, {
      actor,
      action: 'retention_policy.changed',
      organisationId: policy.id,
      target: { type: 'organisation', id: policy.id },
      detail: { plan: policy.plan, asked: Object.entries(policy.askedDays).map(([dataClass, days]) => `${dataClass}=${days}`) },
    });
  }

  private refuseForbidden(plan: string, wanted: WantedDays): void {
    const { plans, windows } = this.profile;
    const known = plans.includes(plan) ? plan : (plans[0] ?? '');
    const problems = WINDOWED_CLASSES.flatMap((each) => {
      const days = wanted[each];
      if (days === undefined || days === null) return [];
      const { days: own, longestDays, mayShorten } = windows[each];
      const least = Math.max(mayShorten ? 0 : (own[known] ?? 0), this.leastWindows.of(each)?.days ?? 0);
      const most = longestDays[known] ?? 0;
      return days >= Math.min(least, most) && days <= most
        ? []
        : [{ field: `days.${each}`, message: saysBounds(Math.min(least, most), most) }];
    });
    if (problems.length > 0) throw invalidRequest(problems);
  }
}

function saysBounds(least: number, most: number): string {
  return least === most ? `is ${most} on this plan and cannot be changed` : `must be between ${least} and ${most} days on this plan`;
}

function isSame(a: OrganisationPolicy, b: OrganisationPolicy): boolean {
  return a.plan === b.plan && WINDOWED_CLASSES.every((each) => a.askedDays[each] === b.askedDays[each]);
}
