/** Something that is done on a day of the run, before that day's jobs. */
export interface Deed {
  /** Days since planting. */
  readonly day: number;
  readonly run: () => Promise<void>;
}
