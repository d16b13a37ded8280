import type { DataClass } from '../../../contracts/data-classes.js';
import type { OutsideGroup, StoreGroup } from '../stores/store.js';

/** A word that was handed to Lethe, or that Lethe made, and what may become of it. Days count from the beginning of the run. */
export interface PlantedWord {
  /** Its name in the book. */
  readonly place: string;
  readonly dataClass: DataClass | 'secret';
  /** Other classes that rows with it are of. */
  readonly alsoIn?: readonly DataClass[];
  /** What kind of thing it was part of, such as `prompt` or `e-mail address`. */
  readonly kind: string;
  /** Where it may be until the day it is gone; nowhere when empty. */
  readonly mayBeIn: readonly StoreGroup[];
  /** The last day on which whoever may read it must find it; -1: nobody ever can. */
  readonly presentThroughDay: number;
  /** The first day on which it is in no store of Lethe's. 0: never written; Infinity: lives as long as what it belongs to. */
  readonly goneFromDay: number;
  /** Reads it through the API. */
  readonly isPresent: (() => Promise<boolean>) | null;
}

/** What is not to be kept at all. Outside parties may have been given it. */
export function neverKept(
  place: string,
  kind: string,
  dataClass: PlantedWord['dataClass'],
  goesTo: readonly OutsideGroup[] = [],
): PlantedWord {
  return { place, kind, dataClass, mayBeIn: goesTo, presentThroughDay: -1, goneFromDay: 0, isPresent: null };
}
