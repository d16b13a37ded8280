import { type CallIntent, CallLedger, type CallSettlement, type OpenCall } from '../usage.contract.js';
import { usageErrors } from '../usage.errors.js';
import { type IntentRow, intentRow, isUnreadable, type RecordRow, recordRow, unreadableRow } from './call-rows.js';
import { isDueToData } from './database-verdict.js';
import { GroupCommit } from './group-commit.js';
import { type LedgerOptions, type LedgerParts, ledgerUnavailable, type WaitingEntry } from './ledger-parts.js';
import { OutageJournal } from './outage-journal.js';

/** Under load one flush commits while the next travels. More only wait for each other's locks. */
const MAX_FLIGHTS = 2;
/** A commit that nobody heard the end of may still be made for this long after Postgres answers again; its statements time out sooner. */
const DOUBT_MS = 30_000;

/**
 * The ledger of calls in this process. Intents and settlements of all calls in flight share group commits; each waits only for
 * the commit it is in. When Postgres is away the same entries go to the fsynced local journal instead and are replayed, before anything
 * else, when it is back. Every statement can be repeated without effect, so a commit whose answer was lost is simply made again.
 *
 * What survives what: kill -9 of this process, everything acknowledged (committed or fsynced); loss of Postgres, everything up
 * to `journalMaxBytes`, past which new calls are refused and those in flight still settle.
 */
export class Ledger extends CallLedger {
  private readonly group: GroupCommit<WaitingEntry>;
  private readonly outage: OutageJournal;
  /** Calls that asked to be let in and are not settled. */
  private readonly openCalls = new Set<string>();
  /** Those of them that were. */
  private letIn = 0;
  /** Intents whose commit was begun and not heard of, and since when Postgres was there to make it. */
  private readonly doubtful = new Map<string, number>();
  private aliveReplicas = 1;
  private heartbeat: NodeJS.Timeout | undefined;
  private beating: Promise<void> | null = null;

  constructor(
    private readonly options: LedgerOptions,
    private readonly parts: LedgerParts,
  ) {
    super();
    this.group = new GroupCommit(
      (batch, landed) => this.write(batch, landed),
      () => (this.outage.isOn ? 1 : MAX_FLIGHTS),
    );
    this.outage = new OutageJournal(parts, options.journalMaxBytes, this.group);
  }

  override async start(): Promise<void> {
    await this.outage.replayOrphans();
    await this.beat();
    this.heartbeat = setInterval(() => void this.beat(), (this.options.instanceTimeoutSeconds * 1000) / 6);
    this.parts.gauge.mode(this.outage.isOn ? 'journal' : 'direct');
  }

  /** Waits until every entry handed in is durable, in Postgres or in the journal. */
  override async stop(): Promise<void> {
    while (!this.group.isIdle || this.outage.isParking) await new Promise((resolve) => setTimeout(resolve, 5));
    clearInterval(this.heartbeat);
    await this.beating;
    await this.outage.stop();
    if (!this.outage.isOn) await this.parts.store.sayGoodbye(this.options.instanceId).catch(() => undefined);
    await this.parts.store.close();
  }

  override async open(intent: CallIntent): Promise<OpenCall> {
    const { holds, hard } = this.parts.budgets.budgetsFor(intent, intent.startedAtMs);
    if (hard && intent.hold === null) throw usageErrors.price_unknown({ details: { param: 'model' } });
    const row = intentRow(intent, holds, {
      instanceId: this.options.instanceId,
      windowDays: this.parts.windows.days('request_metadata', intent.organisationId),
    });
    this.openCalls.add(row.id);
    try {
      await new Promise<void>((resolve, reject) => this.group.add({ intent: row, record: null, resolve, reject }));
    } catch (error) {
      this.openCalls.delete(row.id);
      throw error;
    }
    this.letIn += 1;
    return new LedgerCall(row, (settlement) => this.settle(row, settlement));
  }

  private settle(row: IntentRow, settlement: CallSettlement): Promise<void> {
    if (settlement.cost === null) this.parts.gauge.unknownCost();
    return new Promise((resolve, reject) => {
      const settled = () => {
        this.openCalls.delete(row.id);
        this.letIn -= 1;
        resolve();
      };
      this.group.add({ intent: null, record: recordRow(row, settlement), resolve: settled, reject });
    });
  }

  private async write(batch: readonly WaitingEntry[], landed: () => void): Promise<void> {
    if (this.outage.isOn) await this.outage.write(batch, this.letIn);
    else await this.commit(batch, landed);
  }

  private async commit(batch: readonly WaitingEntry[], landed: () => void): Promise<void> {
    const began = this.parts.clock.monotonicMs();
    const intents: IntentRow[] = [];
    const records: RecordRow[] = [];
    for (const { intent, record } of batch) {
      if (intent) intents.push(intent);
      if (record) records.push(record);
    }
    try {
      const result = await this.parts.store.commit(intents, records, false);
      landed();
      this.parts.gauge.flushed((this.parts.clock.monotonicMs() - began) / 1000, batch.length);
      this.parts.localBudgets.learn(result.budgets);
      const refused = new Map(result.refused.map((refusal) => [refusal.id, refusal.budget]));
      for (const entry of batch) {
        const budget = entry.intent && refused.get(entry.intent.id);
        if (budget) entry.reject(this.budgetExceeded(budget));
        else entry.resolve();
      }
    } catch (error) {
      if (isDueToData(error)) await this.isolate(batch, error);
      else await this.fallBack(batch, intents, error);
    }
  }

  /** Something in the batch is unacceptable: each half goes alone, so that one bad entry takes no other down. */
  private async isolate(batch: readonly WaitingEntry[], error: unknown): Promise<void> {
    const [only] = batch;
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await this.write(batch.slice(0, middle), notYet);
      await this.write(batch.slice(middle), notYet);
    } else if (only) {
      this.parts.log.error('PostgreSQL refuses an entry of the ledger', { component: 'ledger', err: error });
      if (only.intent) only.reject(ledgerUnavailable(error));
      else if (only.record) await this.setAside(only, only.record);
    }
  }

  /** The call still gets a record, of what is certain; what was refused is kept in the journal's folder for a person to look at. */
  private async setAside(entry: WaitingEntry, record: RecordRow): Promise<void> {
    try {
      await this.parts.journals.own.journal.setAside({ record });
    } catch (error) {
      this.parts.log.error('a refused entry cannot be set aside', { component: 'ledger', err: error });
      return this.outage.park([entry]);
    }
    if (isUnreadable(record)) entry.resolve();
    else this.group.giveBack([{ ...entry, record: unreadableRow(record) }]);
  }

  private async fallBack(batch: readonly WaitingEntry[], intents: readonly IntentRow[], error: unknown): Promise<void> {
    for (const id of [...this.doubtful.keys(), ...intents.map((intent) => intent.id)]) this.doubtful.set(id, Number.POSITIVE_INFINITY);
    this.outage.begin(this.aliveReplicas, error);
    await this.outage.write(batch, this.letIn);
  }

  private beat(): Promise<void> {
    this.beating ??= this.beatNow().finally(() => (this.beating = null));
    return this.beating;
  }

  private async beatNow(): Promise<void> {
    const { store, localBudgets, log } = this.parts;
    try {
      this.aliveReplicas = await store.heartbeat(this.options.instanceId, this.options.instanceTimeoutSeconds);
      if (this.outage.isOn) return;
      localBudgets.learnAtHeartbeat(await store.readBudgets(localBudgets.known()));
      await this.withdrawDoubtful();
    } catch (error) {
      log.warn('could not write the heartbeat', { component: 'ledger', err: error });
      return;
    }
    void this.outage.replayOrphans();
  }

  /** Gives the holds of calls back that were refused, or settled meanwhile, although their commit was made after all. */
  private async withdrawDoubtful(): Promise<void> {
    const closed = [...this.doubtful].filter(([id]) => !this.openCalls.has(id));
    if (closed.length === 0) return;
    await this.parts.store.withdraw(closed.map(([id]) => id));
    const nowMs = this.parts.clock.monotonicMs();
    for (const [id, sinceMs] of closed) {
      if (sinceMs === Number.POSITIVE_INFINITY) this.doubtful.set(id, nowMs);
      else if (nowMs - sinceMs > DOUBT_MS) this.doubtful.delete(id);
    }
  }

  private budgetExceeded(budgetId: string): Error {
    const nowMs = this.parts.clock.nowMs();
    const resetsAtMs = this.parts.budgets.resetsAtMs(budgetId, nowMs);
    const retryAfterSeconds = resetsAtMs === null ? undefined : Math.ceil((resetsAtMs - nowMs) / 1000);
    return usageErrors.budget_exceeded({ details: { budgetId, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) } });
  }
}

/** The halves of a batch land together. */
const notYet = () => undefined;

class LedgerCall implements OpenCall {
  readonly id: OpenCall['id'];
  private settled: Promise<void> | null = null;

  constructor(
    row: IntentRow,
    private readonly write: (settlement: CallSettlement) => Promise<void>,
  ) {
    this.id = row.id as OpenCall['id'];
  }

  settle(settlement: CallSettlement): Promise<void> {
    this.settled ??= this.write(settlement);
    return this.settled;
  }
}
