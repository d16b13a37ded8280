/** The data classes a policy profile gives a window to (`promises.md`, "What is stored, and for how long"). */
export const WINDOWED_CLASSES = [
  /** Who a person is, and what they belong to. Its window counts from the end of the account. */
  'account_profile',
  /** That a call was made, by which key, on which model, at what cost: everything about it but what was said. */
  'request_metadata',
  /** IP address, coarse place, user agent. */
  'network_trace',
  /** Complete input and output of a successful call. */
  'payload',
  /** Input of a failed call; redacted before it is kept (C2). */
  'failed_input',
  'usage_aggregate',
  'billing_record',
  'security_log',
  'audit_log',
  /** Which outside party received what category of data, and when (R6). */
  'transfer_record',
  /** What became of an e-mail. */
  'delivery_event',
  'product_telemetry',
  'backup',
] as const;

export type WindowedClass = (typeof WINDOWED_CLASSES)[number];

/**
 * What a table or store holds. The last two have no window of their own: `configuration` lives as long as what it configures, `operational` is gone
 * when it has done its work.
 */
export type DataClass = WindowedClass | 'configuration' | 'operational';
