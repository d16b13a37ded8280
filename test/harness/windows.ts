import { WINDOWED_CLASSES, type WindowedClass } from '../../src/contracts/data-classes.js';
import { RetentionWindows } from '../../src/contracts/retention-windows.js';
import type { OrganisationId } from '../../src/kernel/ids.js';

/** What the harness keeps things for unless a test says otherwise, days. */
const USUAL: Readonly<Record<WindowedClass, number>> = {
  account_profile: 30,
  request_metadata: 30,
  network_trace: 30,
  payload: 0,
  failed_input: 30,
  usage_aggregate: 396,
  billing_record: 2557,
  security_log: 30,
  audit_log: 365,
  transfer_record: 30,
  delivery_event: 30,
  product_telemetry: 0,
  backup: 30,
};

/** Windows that a test sets by hand, for everybody with {@link set} or for one organisation with {@link setFor}, also while it runs. */
export class FixedWindows extends RetentionWindows {
  private readonly byClass = new Map<WindowedClass, number>(WINDOWED_CLASSES.map((each) => [each, USUAL[each]]));
  private readonly own = new Map<WindowedClass, Map<OrganisationId, number>>();

  set(dataClass: WindowedClass, days: number): void {
    this.byClass.set(dataClass, days);
  }

  setFor(organisationId: OrganisationId, dataClass: WindowedClass, days: number): void {
    this.own.set(dataClass, new Map(this.own.get(dataClass)).set(organisationId, days));
  }

  override days(dataClass: WindowedClass, organisationId: OrganisationId | null = null): number {
    const own = organisationId === null ? undefined : this.own.get(dataClass)?.get(organisationId);
    return own ?? this.byClass.get(dataClass) ?? 0;
  }

  override inForce(dataClass: WindowedClass): readonly number[] {
    const own = this.own.get(dataClass)?.values() ?? [];
    return [...new Set([this.days(dataClass), ...own])].sort((a, b) => a - b);
  }
}

export function fixedWindows(days: Partial<Record<WindowedClass, number>> = {}): FixedWindows {
  const windows = new FixedWindows();
  for (const [dataClass, value] of Object.entries(days)) windows.set(dataClass as WindowedClass, value);
  return windows;
}
