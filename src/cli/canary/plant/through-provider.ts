import { BASE_PATH, type Visitor } from './visitor.js';

/** The age that newcomers say they have reached (A6), which is enough everywhere. */
const ATTESTED_AGE = 18;

/** A provider as a sign-in begins there: `path` below {@link BASE_PATH}. */
export interface SignInPath {
  readonly path: string;
  /** Where Lethe sends the browser in the end: a path of its own. */
  readonly returnPath?: string;
}

/** Begins a sign-in. Answers where at the provider the browser has to go. */
export async function begin(browser: Visitor, { path, returnPath = '/' }: SignInPath): Promise<URL> {
  const text = await browser.ask('POST', `${path}/start`, { returnPath, attestedAge: ATTESTED_AGE });
  return new URL((JSON.parse(text) as { authorisationUrl: string }).authorisationUrl);
}

/** Goes through an OpenID provider and is signed in. Answers the state that went there and came back. */
export async function signInByOpenId(browser: Visitor, { path }: SignInPath): Promise<string> {
  const address = await begin(browser, { path });
  const { status, headers } = await fetch(address, { redirect: 'manual' });
  const back = headers.get('location');
  if (back === null) throw new Error(`the OpenID provider answered ${status}`);
  await arrive(browser, `${path}/callback${new URL(back).search}`);
  return address.searchParams.get('state') ?? '';
}

/** Has a SAML provider answer for whoever is signed in there. Answers where the browser has to go to be signed in, which only it can. */
export async function answerBySaml(browser: Visitor, signIn: SignInPath): Promise<string> {
  const address = await begin(browser, signIn);
  const page = await (await fetch(address)).text();
  const samlResponse = /name="SAMLResponse" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const location = await browser.postFrom(address.origin, `${signIn.path}/consume`, { SAMLResponse: samlResponse });
  const { pathname, search } = new URL(location);
  return pathname.slice(BASE_PATH.length) + search;
}

/** Comes back from a provider and is signed in. */
export async function arrive(browser: Visitor, path: string): Promise<void> {
  const { status, text } = await browser.send('GET', path);
  if (status !== 303) throw new Error(`who came back from a provider was answered ${status}: ${text.slice(0, 500)}`);
}
