import { BROWSER_COOKIE, SESSION_COOKIE } from './cookies.js';

/** What a browser is asked to keep: essential cookies only (A5). For `declareStore`, called by `app/`. */
export const browserStores = [
  {
    store: 'outside.browser',
    description: 'Cookies: the session, and that a link was asked for by this browser',
    place: { kind: 'outside', recipient: 'the person’s own browser' },
    dataClasses: ['account_profile'],
    purpose: 'security',
    subject: 'account_holder',
    located: 'the person has it',
    retention: { kind: 'recipient', terms: 'until the session ends or the browser is closed, as the operator has set' },
    export: { withheld: 'the person has it' },
    erasure: { ask: 'the browser, with the answer that ends the session' },
    holds: { [SESSION_COOKIE]: 'secret', [BROWSER_COOKIE]: 'secret' },
  },
] as const;
