import { RetentionWindows } from '../../../contracts/retention-windows.js';
import type { PolicyProfile } from '../../../contracts/policy-profile.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import type { Deed } from './deed.js';
import { learnSealed } from './learn-sealed.js';
import { plantCalls } from './plant-calls.js';
import { plantDirectory } from './plant-directory.js';
import { plantGrant } from './plant-grant.js';
import { type PlantedHold, plantHold } from './plant-hold.js';
import { DELETION_DAY, type OrganisationFate, type PlantedOrganisation, plantOrganisation } from './plant-organisation.js';
import { plantPeople } from './plant-people.js';
import { neverKept, type PlantedWord } from './planted-word.js';

/** Everything that was planted, and what is done to it later. */
export interface PlantedGarden {
  readonly words: readonly PlantedWord[];
  readonly deeds: readonly Deed[];
}

/** Plants in an organisation of each plan, or of the first and the last, and among the people of the installation. */
export async function plantEverything(instance: CanaryInstance, book: CanaryBook, short: boolean): Promise<PlantedGarden> {
  const garden = { words: [] as PlantedWord[], deeds: [] as Deed[] };
  const organisations: PlantedOrganisation[] = [];
  for (const fate of fatesUnder(instance.profile, short)) organisations.push(await plantOrganisation(instance, book, fate));
  const [first] = organisations;
  const holds = new Map<PlantedOrganisation, PlantedHold>();
  for (const organisation of organisations) {
    const deeds = [{ day: DELETION_DAY, run: organisation.takeDown }];
    const words = [...organisation.words, ...(await plantCalls(instance, book, organisation))];
    if (hasUseOfGrants(instance, organisation)) words.push(...(await plantGrant(instance, book, organisation)));
    if (organisation.isHeld) holds.set(organisation, await plantHold(instance, book, organisation));
    garden.words.push(...words.map(holds.get(organisation)?.held ?? asItIs));
    garden.deeds.push(...deeds);
  }
  const others = [await plantPeople(instance, book), ...(first ? [await plantDirectory(instance, book, first)] : []), ...holds.values()];
  for (const { words, deeds } of others) {
    garden.words.push(...words);
    garden.deeds.push(...deeds);
  }
  await instance.quiet();
  await instance.contentWritten();
  for (const organisation of organisations) {
    const sealed = await learnSealed(instance, book, organisation);
    garden.words.push(...sealed.map(holds.get(organisation)?.held ?? asItIs));
  }
  // What the provider said was the same to everybody: to those whose calls are held, too.
  const heldLongest = [...holds.values()].map(({ held }) => held);
  garden.words.push(...saidByProvider(instance.profile).map((word) => heldLongest.reduce((each, held) => held(each), word)));
  return garden;
}

function asItIs(word: PlantedWord): PlantedWord {
  return word;
}

/** The last of the plans that keep payloads has an organisation more, whose key is destroyed, and the last of all one whose calls are held. */
function fatesUnder({ plans: all, windows }: PolicyProfile, short: boolean): OrganisationFate[] {
  const plans = short ? [...new Set([...all.slice(0, 1), ...all.slice(-1)])] : all;
  const losingKey = plans.filter((plan) => (windows.payload.days[plan] ?? 0) > DELETION_DAY).slice(-1);
  return [
    ...plans.map((plan) => ({ plan })),
    ...losingKey.map((plan) => ({ plan, losesKey: true })),
    ...plans.slice(-1).map((plan) => ({ plan, isHeld: true })),
  ];
}

/** Where payloads are kept anyway a grant changes nothing. */
function hasUseOfGrants({ lethe, profile }: CanaryInstance, { id, isHeld }: PlantedOrganisation): boolean {
  return profile.content.grantDays > 0 && lethe.get(RetentionWindows).days('payload', id as OrganisationId) === 0 && !isHeld;
}

function saidByProvider({ windows }: PolicyProfile): PlantedWord[] {
  const goneFromDay = Math.max(...Object.values(windows.request_metadata.days)) + 1;
  const requestId = neverKept('upstream request id', 'upstream request id', 'request_metadata');
  return [
    ...['output', 'output tool call', 'upstream error'].map((kind) => neverKept(kind, kind, 'payload')),
    { ...requestId, mayBeIn: ['database', 'telemetry'], goneFromDay },
  ];
}
