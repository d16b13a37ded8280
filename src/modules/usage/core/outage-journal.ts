import { Money } from '../../../kernel/money.js';
import { isUnreadable, unreadableRow } from './call-rows.js';
import { isDueToData } from './database-verdict.js';
import type { GroupCommit } from './group-commit.js';
import type { Journal, JournalEntry, JournalSegment } from './journal.js';
import type { ClaimedJournal } from './journal-shelf.js';
import { type LedgerParts, ledgerUnavailable, type WaitingEntry } from './ledger-parts.js';

const REPLAY_BATCH = 500;
const RETRY_MS = 500;
/** When entries come faster than they are replayed: segments per write, more than a write can add. */
const OUTPACED_SEGMENTS = 4;
/** Journal room kept for the record of every call in flight, so that what was let in can also be settled. */
const RECORD_RESERVE_BYTES = 2_048;

/** Where entries go while Postgres does not take them, and how they get there afterwards. */
export class OutageJournal {
  private on = false;
  private replaying: Promise<void> | null = null;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Records that neither store took. They are offered again, because they must not be lost. */
  private parked: WaitingEntry[] = [];
  private orphans: readonly ClaimedJournal[];
  private orphansReplay: Promise<void> | null = null;
  private stopped = false;
  private readonly journal: Journal;

  constructor(
    private readonly parts: LedgerParts,
    private readonly maxBytes: number,
    private readonly group: GroupCommit<WaitingEntry>,
  ) {
    this.journal = parts.journals.own.journal;
    this.orphans = parts.journals.orphans;
  }

  /** Whether entries go to the journal now. */
  get isOn(): boolean {
    return this.on;
  }

  /** Whether records wait in memory alone. */
  get isParking(): boolean {
    return this.parked.length > 0;
  }

  /** Sends entries to the journal from now on. `replicas`: how many gateways share what is left of a hard budget. */
  begin(replicas: number, cause: unknown): void {
    if (this.on) return;
    this.on = true;
    this.parts.log.error('PostgreSQL does not take ledger entries; the local journal does', { component: 'ledger', err: cause });
    this.parts.localBudgets.beginOutage(replicas);
    this.parts.gauge.mode('journal');
    this.retryLater();
  }

  /** Makes the entries durable. Intents that it has no room for are refused; records never are. `openCalls` have theirs to come. */
  async write(batch: readonly WaitingEntry[], openCalls: number): Promise<void> {
    let toCome = openCalls;
    const admitted = batch.filter((entry) => {
      const admits = this.admits(entry, toCome);
      if (admits && entry.intent) toCome += 1;
      return admits;
    });
    if (admitted.length === 0) return;
    try {
      await this.journal.append(admitted.map(entryOf));
      for (const entry of admitted) entry.resolve();
    } catch (error) {
      this.parts.log.error('the local journal cannot be written', { component: 'ledger', err: error });
      for (const { intent, reject } of admitted) {
        if (!intent) continue;
        this.parts.localBudgets.release(intent.budgets, Money.parse(intent.hold));
        reject(ledgerUnavailable(error));
      }
      this.park(admitted.filter((entry) => entry.record));
    }
    this.parts.gauge.journalBytes(this.bytes);
  }

  /** Keeps records in memory until one of the stores takes them. */
  park(records: readonly WaitingEntry[]): void {
    this.parked.push(...records);
    if (this.parked.length > 0) this.retryLater();
  }

  /** Replays what dead processes left. What cannot be replayed yet waits for the next time this is called. Does not reject. */
  replayOrphans(): Promise<void> {
    this.orphansReplay ??= this.replayOrphansNow().finally(() => (this.orphansReplay = null));
    return this.orphansReplay;
  }

  private async replayOrphansNow(): Promise<void> {
    const waiting = this.orphans;
    this.orphans = [];
    for (const orphan of waiting) {
      try {
        for (let segment = await orphan.journal.takeOldest(); segment; segment = await orphan.journal.takeOldest()) {
          await this.replaySegment(orphan.journal, segment);
        }
        await orphan.journal.removeIfDrained();
        orphan.lock.release();
      } catch (error) {
        this.parts.log.warn('a journal left by an earlier process waits to be replayed', { component: 'ledger', err: error });
        this.orphans = [...this.orphans, orphan];
      }
    }
  }

  /** Ends the attempts to replay. What is in the journal stays there for the next process. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    await this.replaying;
    await this.orphansReplay;
    await this.journal.removeIfDrained();
    this.parts.journals.own.lock.release();
    for (const orphan of this.orphans) orphan.lock.release();
  }

  private get bytes(): number {
    return this.orphans.reduce((sum, orphan) => sum + orphan.journal.bytes, this.journal.bytes);
  }

  private admits({ intent, record, reject }: WaitingEntry, recordsToCome: number): boolean {
    const { localBudgets, budgets } = this.parts;
    if (record) {
      localBudgets.release(record.budgets, Money.parse(record.hold).minus(Money.parse(record.cost ?? '0')));
      return true;
    }
    if (!intent) return false;
    const hasRoom = this.bytes + (recordsToCome + 1) * RECORD_RESERVE_BYTES <= this.maxBytes;
    const hard = intent.budgets.filter((budget) => budgets.isHard(budget.id));
    if (hasRoom && localBudgets.tryHold(hard, Money.parse(intent.hold))) return true;
    reject(ledgerUnavailable());
    return false;
  }

  private retryLater(): void {
    clearTimeout(this.retryTimer);
    if (!this.stopped) this.retryTimer = setTimeout(() => this.retry(), RETRY_MS);
  }

  private retry(): void {
    this.group.giveBack(this.parked.splice(0));
    if (!this.on || this.replaying) return;
    this.replaying = this.replay()
      .catch((error: unknown) => this.parts.log.debug('the journal cannot be replayed yet', { component: 'ledger', err: error }))
      .finally(() => {
        this.replaying = null;
        if (this.on) this.retryLater();
      });
  }

  /** Replays segment after segment while new entries go to the next, and returns to direct commits when nothing is left. */
  private async replay(): Promise<void> {
    await this.parts.store.probe();
    let leastBytes = Number.POSITIVE_INFINITY;
    let outpaced = false;
    while (this.on) {
      const { bytes } = this.journal;
      outpaced ||= bytes >= leastBytes;
      leastBytes = bytes;
      await this.replayOldest(outpaced ? OUTPACED_SEGMENTS : 0);
      this.parts.gauge.journalBytes(this.bytes);
      // One write gets in between, however long the queue.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Replays one segment, or up to `whileCallsWait` of them. Calls always wait for the last one, so that nothing comes after it. */
  private async replayOldest(whileCallsWait: number): Promise<void> {
    const atLeisure = await this.group.exclusively(async () => {
      for (let segments = 0; segments < Math.max(1, whileCallsWait); segments += 1) {
        const oldest = await this.journal.takeOldest();
        const isLast = oldest?.isLast ?? true;
        if (oldest && !isLast && whileCallsWait === 0) return oldest;
        if (oldest) await this.replaySegment(this.journal, oldest);
        if (isLast) {
          this.end();
          break;
        }
      }
      return null;
    });
    if (atLeisure) await this.replaySegment(this.journal, atLeisure);
  }

  private end(): void {
    this.on = false;
    this.parts.localBudgets.endOutage();
    this.parts.gauge.mode('direct');
    this.parts.gauge.journalBytes(this.bytes);
    this.parts.log.info('the journal is replayed; PostgreSQL takes ledger entries again', { component: 'ledger' });
  }

  private async replaySegment(journal: Journal, segment: JournalSegment): Promise<void> {
    if (segment.damagedLines > 0) {
      const fields = { component: 'ledger', count: segment.damagedLines } as const;
      this.parts.log.warn(
        'passed over journal lines that are no entry; one is what a crash leaves of an append nobody was told of',
        fields,
      );
    }
    for (let start = 0; start < segment.entries.length; start += REPLAY_BATCH) {
      await this.replayBatch(journal, segment.entries.slice(start, start + REPLAY_BATCH));
    }
    await segment.remove();
  }

  private async replayBatch(journal: Journal, entries: readonly JournalEntry[]): Promise<void> {
    const intents = entries.flatMap((entry) => ('intent' in entry ? [entry.intent] : []));
    const records = entries.flatMap((entry) => ('record' in entry ? [entry.record] : []));
    try {
      const result = await this.parts.store.commit(intents, records, true);
      this.parts.localBudgets.learn(result.budgets);
    } catch (error) {
      if (!isDueToData(error)) throw error;
      const [only] = entries;
      const middle = Math.ceil(entries.length / 2);
      if (entries.length > 1) {
        await this.replayBatch(journal, entries.slice(0, middle));
        await this.replayBatch(journal, entries.slice(middle));
      } else if (only) {
        this.parts.log.error('PostgreSQL refuses an entry of the journal; it is set aside', { component: 'ledger', err: error });
        await journal.setAside(only);
        // The call still gets a record, of what is certain.
        if ('record' in only && !isUnreadable(only.record)) await this.replayBatch(journal, [{ record: unreadableRow(only.record) }]);
      }
    }
  }
}

function entryOf({ intent, record }: WaitingEntry): JournalEntry {
  if (intent) return { intent };
  if (record) return { record };
  throw new Error('invariant broken: an entry is an intent or a record');
}
