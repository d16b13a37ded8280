/**
 * What content may be read for (C7). The list is closed: training, evaluation, advertising and profiling are not on it, and neither is curiosity. The
 * fifth purpose of the promise, completing the call itself, needs no reading: what is kept is not used for it.
 */
export const READING_PURPOSES = [
  'customer_authorised_troubleshooting',
  'security_review',
  'legal_request',
  'data_subject_request',
] as const;

export type ReadingPurpose = (typeof READING_PURPOSES)[number];
