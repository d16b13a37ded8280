import type { WindowedClass } from '../../../../contracts/data-classes.js';

/** A window as a profile writes it: one period for all, or by plan. */
export type WindowDocument =
  | string
  | {
      readonly window?: string;
      readonly plans?: Readonly<Record<string, string>>;
      readonly reason?: string;
      readonly shorter?: boolean;
      readonly longest?: Readonly<Record<string, string>>;
    };

/** A profile as its file has it, once `profiles/profile.schema.json` has nothing against it. Not every class need have its window yet. */
export interface ProfileDocument {
  readonly profile: string;
  readonly title: string;
  readonly plans: readonly string[];
  readonly windows: Readonly<Partial<Record<WindowedClass, WindowDocument>>>;
  readonly content: {
    readonly grants: string;
    readonly failed_inputs: 'redacted' | 'as_payload';
    readonly redact_personal_data: boolean;
  };
  readonly notices: {
    readonly subprocessor_change: string;
    readonly policy_change: string;
    readonly breach: string;
    readonly erasure: string;
  };
  readonly accounts: {
    readonly sign_in: readonly ('password' | 'email_link' | 'oidc' | 'saml' | 'webauthn')[];
    readonly sign_up: readonly ('email' | 'username')[];
    readonly minimum_age: number;
    readonly session_cookie: 'browser' | 'lasting';
    readonly phone: 'off' | 'optional';
  };
}
