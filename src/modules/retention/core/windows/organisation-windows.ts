import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { WindowedClass } from '../../../../contracts/data-classes.js';
import { PolicyProfile } from '../../../../contracts/policy-profile.js';
import { RetentionWindows } from '../../../../contracts/retention-windows.js';
import type { OrganisationId } from '../../../../kernel/ids.js';
import { type Change, ChangeFeed, type ChangeSubscriber } from '../../../../platform/database/change-feed.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { OrganisationPoliciesRepository, type OrganisationPolicy } from '../../data/organisation-policies.repository.js';
import { type DaysByClass, effectiveDays } from './effective-days.js';

/**
 * {@link RetentionWindows} from the profile and `organisation_policy`, kept true by the change feed. Only organisations that differ from the first
 * plan are in memory.
 */
@Injectable()
export class OrganisationWindows extends RetentionWindows implements ChangeSubscriber, OnModuleInit {
  readonly tables = ['organisation_policy'];

  private readonly usual: DaysByClass;
  private readonly ofInstallation: DaysByClass;
  private readonly ofPlans: readonly DaysByClass[];
  private byOrganisation = new Map<string, DaysByClass>();

  constructor(
    private readonly profile: PolicyProfile,
    private readonly policies: OrganisationPoliciesRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly feed: ChangeFeed,
  ) {
    super();
    this.ofPlans = profile.plans.map((plan) => effectiveDays(profile, plan, {}));
    this.usual = effectiveDays(profile, profile.plans[0] ?? '', {});
    this.ofInstallation = effectiveDays(profile, profile.plans.at(-1) ?? '', {});
  }

  onModuleInit(): void {
    this.feed.subscribe(this);
  }

  override days(dataClass: WindowedClass, organisationId: OrganisationId | null): number {
    if (organisationId === null) return this.ofInstallation[dataClass];
    return (this.byOrganisation.get(organisationId) ?? this.usual)[dataClass];
  }

  override inForce(dataClass: WindowedClass): readonly number[] {
    const all = [...this.ofPlans, ...this.byOrganisation.values()].map((days) => days[dataClass]);
    return [...new Set(all)].sort((a, b) => a - b);
  }

  async onChange({ id }: Change): Promise<void> {
    const policy = await this.unitOfWork.asSystem((tx) => this.policies.find(tx, id as OrganisationId));
    if (policy === null) this.byOrganisation.delete(id);
    else this.byOrganisation.set(id, this.daysOf(policy));
  }

  async onResync(): Promise<void> {
    const policies = await this.unitOfWork.asSystem((tx) => this.policies.list(tx));
    this.byOrganisation = new Map(policies.map((policy) => [policy.id, this.daysOf(policy)]));
  }

  private daysOf({ plan, askedDays }: OrganisationPolicy): DaysByClass {
    return effectiveDays(this.profile, plan, askedDays);
  }
}
