import type { DataClass } from './data-classes.js';

/** What personal data is processed for. The list is closed: a use that is not in it needs an entry here, which the record of processing shows (O5). */
export const PURPOSES = {
  account: 'to give people access and know what they may do',
  service: 'to provide the service as the customer has set it up',
  metering: 'to meter, limit and charge what was used',
  troubleshooting: 'to find out, for the customer, why calls fail',
  security: 'to keep accounts, keys and the service from abuse',
  accountability: 'to show that the rules were kept',
  messages: 'to tell people what they have to know, and know whether it arrived',
  marketing: 'to advertise to those who asked for it',
  improvement: 'to see how the product is used',
  recovery: 'to bring the service back after a loss',
  operation: 'to run the service',
} as const;

export type Purpose = keyof typeof PURPOSES;

/** Grounds of Art. 6(1) GDPR that Lethe relies on. Vital interests and public tasks are not among them. */
export const LEGAL_BASES = {
  consent: 'Art. 6(1)(a) GDPR: consent',
  contract: 'Art. 6(1)(b) GDPR: performance of a contract',
  legal_obligation: 'Art. 6(1)(c) GDPR: legal obligation',
  legitimate_interests: 'Art. 6(1)(f) GDPR: legitimate interests',
} as const;

export type LegalBasis = keyof typeof LEGAL_BASES;

/** Why data is processed, and by what right. */
export interface Processing {
  readonly purpose: Purpose;
  readonly legalBasis: LegalBasis;
}

/** What holds for a class unless a declaration says otherwise: the one table of it. */
export const PROCESSING_OF: Readonly<Record<DataClass, Processing>> = {
  account_profile: { purpose: 'account', legalBasis: 'contract' },
  request_metadata: { purpose: 'metering', legalBasis: 'contract' },
  network_trace: { purpose: 'security', legalBasis: 'legitimate_interests' },
  payload: { purpose: 'service', legalBasis: 'contract' },
  failed_input: { purpose: 'troubleshooting', legalBasis: 'legitimate_interests' },
  usage_aggregate: { purpose: 'metering', legalBasis: 'contract' },
  billing_record: { purpose: 'accountability', legalBasis: 'legal_obligation' },
  security_log: { purpose: 'security', legalBasis: 'legitimate_interests' },
  audit_log: { purpose: 'accountability', legalBasis: 'legal_obligation' },
  transfer_record: { purpose: 'accountability', legalBasis: 'legal_obligation' },
  delivery_event: { purpose: 'messages', legalBasis: 'legitimate_interests' },
  product_telemetry: { purpose: 'improvement', legalBasis: 'consent' },
  backup: { purpose: 'recovery', legalBasis: 'legal_obligation' },
  configuration: { purpose: 'service', legalBasis: 'contract' },
  operational: { purpose: 'operation', legalBasis: 'legitimate_interests' },
};
