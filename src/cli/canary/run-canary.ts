import { PRODUCT_VERSION } from '../../app/product.js';
import { CanaryInstance } from './instance/canary-instance.js';
import { ThrowAwayRedis } from './instance/throw-away-redis.js';
import { itinerary } from './itinerary.js';
import { type PlantedGarden, plantEverything } from './plant/plant-everything.js';
import type { PlantedWord } from './plant/planted-word.js';
import type { CanaryReport, Cell, Presence, Survivor } from './report.js';
import { RetentionBooks } from './retention-books.js';
import { CanaryBook, UNKNOWN_PLACE } from './scan/canary-book.js';
import { type CutWord, LOCATIONS_KEPT, StoreScanner, type StoreScan } from './stores/scan-stores.js';
import type { Store, StoreGroup } from './stores/store.js';

export interface CanaryOptions {
  /** A profile's name, or the path of its file. */
  readonly profile: string;
  /** Whether jobs go through a Redis of the run's own, where the machine has the program. */
  readonly redis: boolean;
  /** Only the days that tell most. */
  readonly short?: boolean;
  /** The days to look on, instead of those that the profile gives. */
  readonly days?: readonly number[];
  readonly say?: (line: string) => void;
  /** Changes the instance before anything is planted: how a test shows that the canary notices. */
  readonly sabotage?: (instance: CanaryInstance, book: CanaryBook) => Promise<void> | void;
}

/** Starts a throw-away installation, plants, moves the clock through every window of the profile, and looks everywhere each time. */
export async function runCanary(options: CanaryOptions): Promise<CanaryReport> {
  const startedAt = new Date().toISOString();
  const redis = options.redis && ThrowAwayRedis.isPossible();
  const book = new CanaryBook();
  const instance = await CanaryInstance.start({ profile: options.profile, redis, book });
  try {
    await options.sabotage?.(instance, book);
    const planted = await plantEverything(instance, book, options.short ?? false);
    const run = new CanaryRun({ instance, book, planted, say: options.say ?? (() => undefined) });
    const deedDays = planted.deeds.map((deed) => deed.day);
    const days = options.days ?? itinerary(instance.profile, { words: planted.words, deedDays, short: options.short ?? false });
    for (const day of days) await run.lookOn(day);
    const { name, digest } = instance.profile;
    return {
      profile: name,
      profileDigest: digest,
      version: PRODUCT_VERSION,
      startedAt,
      endedAt: new Date().toISOString(),
      days,
      notScanned: [...(redis ? [] : ['Redis: there is none in this run, jobs are in the database']), ...NEVER_SCANNED],
      words: planted.words.length,
      ...run.findings(),
    };
  } finally {
    await instance.stop();
  }
}

/** Whose stores keep what was handed to them. */
const OUTSIDE: ReadonlySet<StoreGroup> = new Set(['provider', 'mail', 'webhooks', 'identity_providers', 'telemetry'] as const);

const NEVER_SCANNED = [
  'the memory of the process, where words are while a call lasts, and with it a dump of a crash: switch those off (docs/canaries.md)',
  'blocks of the disk that no file has any more',
];

/** Of a word cut short: enough to know where to look. */
const OWNERS_NAMED = 3;

/** What a run goes by. */
interface RunParts {
  readonly instance: CanaryInstance;
  readonly book: CanaryBook;
  readonly planted: PlantedGarden;
  readonly say: (line: string) => void;
}

/** Words in an installation, and what was found of them so far. */
class CanaryRun {
  private readonly words: readonly PlantedWord[];
  private readonly scanner: StoreScanner;
  private readonly survivors: Survivor[] = [];
  private readonly present: Presence[] = [];
  private readonly missing: Presence[] = [];
  private readonly failures: string[] = [];
  private readonly cells: Cell[] = [];
  private stores: readonly string[] = [];
  private bytesScanned = 0;
  private lastDay = -1;

  constructor(private readonly parts: RunParts) {
    this.words = parts.planted.words;
    this.scanner = new StoreScanner(parts.book);
  }

  async lookOn(day: number): Promise<void> {
    const { instance, say } = this.parts;
    if (day > 0) await this.liveTo(day);
    for (const word of this.words) await this.read(word, day);
    const stores = await instance.stores();
    this.stores = stores.map(({ name }) => name);
    for (const store of stores) this.judge(await this.scanner.scan(store), day);
    say(`day ${day}: ${this.survivors.length} survivors, ${this.missing.length} missing so far`);
  }

  /** Everything that was to be done until then is done, and the worker has had its round. */
  private async liveTo(day: number): Promise<void> {
    const { instance, planted } = this.parts;
    instance.clock.leapToDay(day);
    for (const deed of planted.deeds.filter((each) => each.day > this.lastDay && each.day <= day)) await deed.run();
    this.lastDay = day;
    const books = await RetentionBooks.open(instance);
    this.failures.push(...(await instance.runJobs()).map((each) => `day ${day}: ${each}`));
    const { overdue, unreceipted } = await books.close();
    for (const { store, dataClass } of overdue) this.survivors.push({ ...overdueIn(store), class: dataClass, day });
    for (const store of unreceipted) this.missing.push({ place: `receipt of what went from ${store}`, class: 'audit_log', day });
  }

  findings(): Pick<CanaryReport, 'stores' | 'bytesScanned' | 'survivors' | 'present' | 'missing' | 'failures' | 'cells'> {
    const { stores, bytesScanned, survivors, present, missing, failures, cells } = this;
    return { stores, bytesScanned, survivors, present, missing, failures, cells };
  }

  /** Through the API: it must be there through one day, and not be shown from another on. */
  private async read(word: PlantedWord, day: number): Promise<void> {
    if (word.isPresent === null || (day > word.presentThroughDay && day < word.goneFromDay)) return;
    const isThere = await word.isPresent();
    const presence = { place: word.place, class: word.dataClass, day };
    const expected = day <= word.presentThroughDay ? 'present' : 'none';
    this.cells.push({ class: word.dataClass, store: API, kind: word.kind, bytesScanned: 0, found: isThere ? 1 : 0, expected, day });
    if (expected === 'present') (isThere ? this.present : this.missing).push(presence);
    else if (isThere) this.survivors.push({ ...presence, store: API, found: 1, locations: ['still shown'] });
  }

  private judge({ store, bytes, unchangedBytes, unread, sightings, cut }: StoreScan, day: number): void {
    this.bytesScanned += bytes - unchangedBytes;
    if (unread > 0) this.failures.push(`day ${day}: ${unread} compressed streams in ${store.name} were too large to be read`);
    this.judgeCut(cut, store, day);
    const cells = new Map<string, Cell>();
    for (const word of this.words) {
      const expected = isAllowed(word, store, day) ? 'allowed' : 'none';
      const seen = sightings.get(word.place);
      const key = [word.dataClass, word.kind, expected].join('|');
      const found = (cells.get(key)?.found ?? 0) + (seen?.count ?? 0);
      cells.set(key, { class: word.dataClass, store: store.name, kind: word.kind, bytesScanned: bytes, found, expected, day });
      if (seen && expected === 'none')
        this.survivors.push({
          place: word.place,
          class: word.dataClass,
          store: store.name,
          day,
          found: seen.count,
          locations: seen.locations,
        });
    }
    this.cells.push(...cells.values());
  }

  /**
   * Where rows of a page are moved together, what is written next covers the end of what lay there. Until the worker has had its first round, which
   * writes such tables anew, a part of a word that may be there is no more than that word. Later there is no such excuse.
   */
  private judgeCut(cut: readonly CutWord[], store: Store, day: number): void {
    const allowed = new Set(this.words.filter((word) => isAllowed(word, store, day)).map(({ place }) => place));
    const unexplained = cut.filter(({ mayBe }) => day > 0 || store.group !== 'database' || !mayBe.some((place) => allowed.has(place)));
    if (unexplained.length === 0) return;
    const texts = new Set(unexplained.map(({ location, mayBe }) => `${location}, perhaps of ${mayBe.slice(0, OWNERS_NAMED).join(' or ')}`));
    const locations = [...texts].slice(0, LOCATIONS_KEPT);
    this.survivors.push({ place: UNKNOWN_PLACE, class: 'secret', store: store.name, day, found: unexplained.length, locations });
  }
}

/** Whether a word may be in a store on a day. What was handed to others stays with them. */
function isAllowed({ goneFromDay, mayBeIn }: PlantedWord, { group, outlivesDays }: Store, day: number): boolean {
  return mayBeIn.includes(group) && (OUTSIDE.has(group) || day < goneFromDay + outlivesDays);
}

/** What Lethe's own look at the oldest of everything says. */
function overdueIn(store: string): Pick<Survivor, 'place' | 'store' | 'found' | 'locations'> {
  return { place: `the oldest of ${store}`, store: SURVEY, found: 1, locations: [store] };
}

const SURVEY = 'survey of retention';
/** Where presence is looked for: what Lethe itself shows. */
const API = 'API';
