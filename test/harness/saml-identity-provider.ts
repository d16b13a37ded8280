import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { makeSamlKey, type SamlKey } from './saml-forge.js';

/** What we use of `samlify`, an identity provider's library of other people. Its own types would bring those of browsers into all tests. */
interface Samlify {
  setSchemaValidator(validator: { validate(xml: string): Promise<string> }): void;
  IdentityProvider(settings: object): SamlifyEntity;
  ServiceProvider(settings: { readonly metadata: string }): SamlifyEntity;
  SamlLib: { replaceTagsByValue(template: string, values: Readonly<Record<string, string>>): string };
}

interface SamlifyEntity {
  getMetadata(): string;
  readonly entityMeta: { getEntityID(): string; getAssertionConsumerService(binding: string): string };
  parseLoginRequest(sp: SamlifyEntity, binding: string, request: object): Promise<SamlifyRequest>;
  createLoginResponse(
    sp: SamlifyEntity,
    request: object,
    binding: string,
    user: object,
    options: object,
  ): Promise<{ readonly context: string }>;
}

interface SamlifyRequest {
  readonly extract: { readonly request: { readonly id: string } };
}

const require = createRequire(import.meta.url);
const samlify = require('samlify') as Samlify;
samlify.setSchemaValidator({ validate: () => Promise.resolve('checked by nobody: this is a test') });

const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const AUTHN_STATEMENT =
  '<saml:AuthnStatement AuthnInstant="{IssueInstant}"><saml:AuthnContext><saml:AuthnContextClassRef>{Context}' +
  '</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>';

/** A form the identity provider has the browser send on. */
export interface SamlForm {
  readonly action: string;
  readonly samlResponse: string;
}

/** A running SAML identity provider, at which somebody is signed in. */
export class TestIdentityProvider {
  /** Who is signed in here. */
  nameId = 'ada@example.test';
  /** How it was proven. */
  context = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
  /** What Lethe's metadata says; told once it is known. */
  private serviceProvider: SamlifyEntity | null = null;

  private constructor(
    private readonly server: Server,
    readonly key: SamlKey,
    private readonly wantsSignedRequests: boolean,
  ) {}

  static async start(options: { readonly wantsSignedRequests?: boolean; readonly key?: SamlKey } = {}): Promise<TestIdentityProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const provider = new TestIdentityProvider(server, options.key ?? makeSamlKey(), options.wantsSignedRequests ?? false);
    server.on('request', (request, response) => {
      if (request.url === '/metadata') return void response.end(provider.metadata());
      provider.answer(request.url ?? '').then(
        ({ action, samlResponse }) =>
          void response.end(`<form method="post" action="${action}"><input name="SAMLResponse" value="${samlResponse}"/></form>`),
        (error: unknown) => void response.writeHead(400).end(String(error)),
      );
    });
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get entityId(): string {
    return `${this.url}/metadata`;
  }

  metadata(): string {
    return this.entity().getMetadata();
  }

  /** What its administrator does with the metadata of the other side. */
  trust(serviceProviderMetadata: string): void {
    this.serviceProvider = samlify.ServiceProvider({ metadata: serviceProviderMetadata });
  }

  /** What a browser sees that was sent here: the page with the form. */
  async visit(authorisationUrl: string): Promise<SamlForm> {
    const page = await (await fetch(authorisationUrl)).text();
    const [, action] = /action="([^"]+)"/.exec(page) ?? [];
    const [, samlResponse] = /value="([^"]+)"/.exec(page) ?? [];
    if (action === undefined || samlResponse === undefined) throw new Error(`the identity provider says: ${page}`);
    return { action, samlResponse };
  }

  /** The answer to no request. */
  async unasked(): Promise<SamlForm> {
    return this.respond('');
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private async answer(url: string): Promise<SamlForm> {
    const { search, searchParams } = new URL(url, this.url);
    const octetString = search.slice(1).split('&Signature=')[0];
    const request = await this.entity().parseLoginRequest(this.known(), 'redirect', {
      query: Object.fromEntries(searchParams),
      octetString,
    });
    return this.respond(request.extract.request.id);
  }

  private async respond(requestId: string): Promise<SamlForm> {
    const action = this.known().entityMeta.getAssertionConsumerService('post');
    const options = { customTagReplacement: (template: string) => ({ context: this.fill(template, requestId, action) }) };
    const { context } = await this.entity().createLoginResponse(this.known(), {}, 'post', {}, options);
    return { action, samlResponse: context };
  }

  private fill(template: string, requestId: string, action: string): string {
    const now = new Date();
    const until = new Date(now.getTime() + 300_000).toISOString();
    const asked = template.replace('{AuthnStatement}', AUTHN_STATEMENT).replace('{AttributeStatement}', '');
    return samlify.SamlLib.replaceTagsByValue(requestId === '' ? asked.replaceAll(' InResponseTo="{InResponseTo}"', '') : asked, {
      ID: `_${randomBytes(16).toString('hex')}`,
      AssertionID: `_${randomBytes(16).toString('hex')}`,
      Issuer: this.entityId,
      IssueInstant: now.toISOString(),
      Destination: action,
      SubjectRecipient: action,
      InResponseTo: requestId,
      StatusCode: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      NameIDFormat: EMAIL,
      NameID: this.nameId,
      Context: this.context,
      ConditionsNotBefore: now.toISOString(),
      ConditionsNotOnOrAfter: until,
      SubjectConfirmationDataNotOnOrAfter: until,
      Audience: this.known().entityMeta.getEntityID(),
    });
  }

  private known(): SamlifyEntity {
    if (this.serviceProvider === null) throw new Error('the identity provider knows nobody yet');
    return this.serviceProvider;
  }

  private entity(): SamlifyEntity {
    return samlify.IdentityProvider({
      entityID: this.entityId,
      privateKey: this.key.privateKey,
      signingCert: this.key.certificate,
      requestSignatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      wantAuthnRequestsSigned: this.wantsSignedRequests,
      nameIDFormat: [EMAIL],
      singleSignOnService: [{ Binding: REDIRECT, Location: `${this.url}/sso` }],
      singleLogoutService: [{ Binding: REDIRECT, Location: `${this.url}/slo` }],
    });
  }
}
