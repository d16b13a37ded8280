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
import { plantOpenId } from './plant-open-id.js';
import { plantPeople } from './plant-people.js';
import { plantSaml } from './plant-saml.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { shorteningUnder } from './shorten-windows.js';

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
  const shortening = shorteningUnder(instance.profile);
  const fateIn = (organisation: PlantedOrganisation): ((word: PlantedWord) => PlantedWord) =>
    holds.get(organisation)?.held ?? (organisation.isShortened ? shortening?.shortened : undefined) ?? asItIs;
  for (const organisation of organisations) {
    garden.deeds.push({ day: DELETION_DAY, run: organisation.takeDown });
    const words = [...organisation.words, ...(await plantCalls(instance, book, organisation))];
    if (hasUseOfGrants(instance, organisation)) words.push(...(await plantGrant(instance, book, organisation)));
    if (organisation.isHeld) holds.set(organisation, await plantHold(instance, book, organisation));
    if (organisation.isShortened && shortening) garden.deeds.push(shortening.deedOf(instance, organisation.id));
    garden.words.push(...words.map(fateIn(organisation)));
  }
  const others = [await plantPeople(instance, book), await plantOpenId(instance, book), ...holds.values()];
  if (first) others.push(await plantDirectory(instance, book, first), await plantSaml(instance, book, first));
  for (const { words, deeds } of others) {
    garden.words.push(...words);
    garden.deeds.push(...deeds);
  }
  await instance.quiet();
  await instance.contentWritten();
  for (const organisation of organisations) {
    const sealed = await learnSealed(instance, book, organisation);
    garden.words.push(...sealed.map(fateIn(organisation)));
  }
  // What the provider said was the same to everybody: to those whose calls are held, too.
  const heldLongest = [...holds.values()].map(({ held }) => held);
  garden.words.push(...saidByProvider(instance.profile).map((word) => heldLongest.reduce((each, held) => held(each), word)));
  return garden;
}

function asItIs(word: PlantedWord): PlantedWord {
  return word;
}

/**
 * The last of the plans that keep payloads has an organisation more, whose key is destroyed, and the last of all one whose calls are held, and one whose
 * windows become shorter.
 */
function fatesUnder(profile: PolicyProfile, short: boolean): OrganisationFate[] {
  const { plans: all, windows } = profile;
  const plans = short ? [...new Set([...all.slice(0, 1), ...all.slice(-1)])] : all;
  const losingKey = plans.filter((plan) => (windows.payload.days[plan] ?? 0) > DELETION_DAY).slice(-1);
  return [
    ...plans.map((plan) => ({ plan })),
    ...losingKey.map((plan) => ({ plan, losesKey: true })),
    ...plans.slice(-1).map((plan) => ({ plan, isHeld: true })),
    ...(shorteningUnder(profile) ? plans.slice(-1) : []).map((plan) => ({ plan, isShortened: true })),
  ];
}

/** Where payloads are kept anyway a grant changes nothing. */
function hasUseOfGrants({ lethe, profile }: CanaryInstance, { id, isHeld, isShortened }: PlantedOrganisation): boolean {
  if (profile.content.grantDays === 0 || isHeld || isShortened) return false;
  return lethe.get(RetentionWindows).days('payload', id as OrganisationId) === 0;
}

function saidByProvider({ windows }: PolicyProfile): PlantedWord[] {
  const goneFromDay = Math.max(...Object.values(windows.request_metadata.days)) + 1;
  const requestId = neverKept('upstream request id', 'upstream request id', 'request_metadata');
  return [
    ...['output', 'output tool call', 'upstream error'].map((kind) => neverKept(kind, kind, 'payload')),
    { ...requestId, mayBeIn: ['database', 'telemetry'], goneFromDay },
  ];
}
